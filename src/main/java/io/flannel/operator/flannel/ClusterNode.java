package io.flannel.operator.flannel;

import io.fabric8.kubernetes.api.model.Node;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What matters to the overlay about a Node; it does not distinguish two Nodes with equal values.
 *
 * @param podCidrs {@code spec.podCIDRs}, as written
 * @param internalIps addresses of type InternalIP, as written
 * @param flannel flannel's annotations, without their prefix {@code flannel.alpha.coreos.com/}
 * @param readiness the status of the Node's condition Ready
 * @param started when the Node joined, by the API server's clock, or when it last booted, by its
 *     own clock ({@link #bootedAt}), whichever is later: before that it reached no peer
 * @param kubelet the version of its kubelet, such as {@code v1.34.1+k3s1}; empty if not known
 */
public record ClusterNode(
    String name,
    Map<String, String> labels,
    List<Taint> taints,
    List<String> podCidrs,
    List<String> internalIps,
    Map<String, String> flannel,
    Readiness readiness,
    Instant started,
    String kubelet) {

  /** Prefix of flannel's annotations, unless flanneld is configured with another. */
  public static final String ANNOTATION_PREFIX = "flannel.alpha.coreos.com/";

  /** What flanneld publishes (pkg/subnet/kube/annotations.go), without the prefix. */
  public static final Set<String> PUBLISHED =
      Set.of(
          "backend-type",
          "backend-data",
          "backend-v6-data",
          "public-ip",
          "public-ipv6",
          "kube-subnet-manager");

  /** The status of a Node's condition Ready. */
  public enum Readiness {
    /** It is True. */
    READY,
    /** It is False, which the kubelet reports itself, or not set yet. */
    NOT_READY,
    /** It is Unknown: Kubernetes has not heard from the kubelet for a while. */
    LOST;

    private static Readiness of(String status) {
      return switch (status) {
        case "True" -> READY;
        case "Unknown" -> LOST;
        default -> NOT_READY;
      };
    }
  }

  public record Taint(String key, String value, String effect) {}

  public static ClusterNode of(Node node) {
    var spec = Optional.ofNullable(node.getSpec());
    var status = Optional.ofNullable(node.getStatus());
    return new ClusterNode(
        node.getMetadata().getName(),
        Map.copyOf(withoutNulls(node.getMetadata().getLabels())),
        spec.stream().flatMap(it -> elements(it.getTaints())).map(ClusterNode::taint).toList(),
        spec.map(it -> podCidrs(it.getPodCIDRs(), it.getPodCIDR())).orElse(List.of()),
        status.stream()
            .flatMap(it -> elements(it.getAddresses()))
            .filter(address -> "InternalIP".equals(address.getType()))
            .flatMap(address -> Stream.ofNullable(address.getAddress()))
            .toList(),
        flannelAnnotations(withoutNulls(node.getMetadata().getAnnotations())),
        status.stream()
            .flatMap(it -> elements(it.getConditions()))
            .filter(condition -> "Ready".equals(condition.getType()))
            .flatMap(condition -> Stream.ofNullable(condition.getStatus()))
            .findFirst()
            .map(Readiness::of)
            .orElse(Readiness.NOT_READY),
        Times.tryParse(node.getMetadata().getCreationTimestamp()).orElse(Instant.EPOCH),
        status
            .flatMap(it -> Optional.ofNullable(it.getNodeInfo()))
            .flatMap(it -> Optional.ofNullable(it.getKubeletVersion()))
            .orElse(""));
  }

  /** Whether flanneld published any of the annotations; people set the others. */
  public boolean isPublished() {
    return flannel.keySet().stream().anyMatch(PUBLISHED::contains);
  }

  /** Whether it runs Windows, whose flannel is another program. */
  public boolean isWindows() {
    return "windows".equals(labels.get("kubernetes.io/os"));
  }

  /** Whether its kubelet reports that it is healthy. */
  public boolean ready() {
    return readiness == Readiness.READY;
  }

  /** Whether its kubelet has stopped reporting: the node is off, or cut off. */
  public boolean lost() {
    return readiness == Readiness.LOST;
  }

  /** Whether the node joined the cluster or booted after a time; false if there is no time. */
  public boolean startedAfter(Optional<Instant> time) {
    return time.filter(started::isAfter).isPresent();
  }

  /**
   * Returns this node with the boot time that its agent reports, if that is later than {@code
   * started}.
   *
   * @param time RFC 3339; anything else, and null, is ignored
   */
  public ClusterNode bootedAt(@Nullable String time) {
    return Times.tryParse(time)
        .filter(booted -> booted.isAfter(started))
        .map(
            booted ->
                new ClusterNode(
                    name,
                    labels,
                    taints,
                    podCidrs,
                    internalIps,
                    flannel,
                    readiness,
                    booted,
                    kubelet))
        .orElse(this);
  }

  /** The node's range of a family, if its podCIDRs include a valid one. */
  public Optional<Cidr> podCidr(Cidr.Family family) {
    return podCidrs.stream()
        .flatMap(text -> Cidr.tryParse(text).stream())
        .filter(cidr -> cidr.family() == family)
        .findFirst();
  }

  /** Whether one of the node's own addresses is in one of the ranges. */
  public boolean hasAddressIn(List<Cidr> ranges) {
    return internalIps.stream()
        .flatMap(ip -> Cidr.tryAddress(ip).stream())
        .anyMatch(ip -> ranges.stream().anyMatch(range -> range.contains(ip)));
  }

  private static Taint taint(io.fabric8.kubernetes.api.model.Taint taint) {
    return new Taint(
        Objects.requireNonNullElse(taint.getKey(), ""),
        Objects.requireNonNullElse(taint.getValue(), ""),
        Objects.requireNonNullElse(taint.getEffect(), ""));
  }

  private static List<String> podCidrs(@Nullable List<String> many, @Nullable String one) {
    List<String> all = elements(many).toList();
    if (!all.isEmpty()) {
      return all;
    }
    return one == null || one.isEmpty() ? List.of() : List.of(one);
  }

  private static Map<String, String> flannelAnnotations(Map<String, String> annotations) {
    Map<String, String> flannel = new TreeMap<>();
    annotations.forEach(
        (key, value) -> {
          if (key.startsWith(ANNOTATION_PREFIX)) {
            flannel.put(key.substring(ANNOTATION_PREFIX.length()), value);
          }
        });
    return Map.copyOf(flannel);
  }

  private static <E> Stream<E> elements(@Nullable List<E> list) {
    return list == null ? Stream.empty() : list.stream().filter(Objects::nonNull);
  }

  private static Map<String, String> withoutNulls(@Nullable Map<String, String> map) {
    if (map == null) {
      return Map.of();
    }
    Map<String, String> whole = new HashMap<>(map);
    whole.values().removeIf(Objects::isNull);
    return whole;
  }
}

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
 * What of a Node matters to the overlay; two Nodes with the same are alike to it.
 *
 * @param podCidrs {@code spec.podCIDRs}, as they are written
 * @param internalIps addresses of type InternalIP, as they are written
 * @param flannel flannel's annotations, without their prefix {@code flannel.alpha.coreos.com/}
 * @param readiness what the Node's condition Ready says
 * @param started when the Node joined, by the API server's clock, or when it last booted, by its
 *     own ({@link #bootedAt}), whichever is later: before that it reached nobody
 * @param kubelet the version of its kubelet, such as {@code v1.34.1+k3s1}; empty: not known
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

  /** What flannel's annotations begin with, unless flanneld was told otherwise. */
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

  /** The condition Ready of a Node. */
  public enum Readiness {
    /** It is True. */
    READY,
    /** It is False, or there is none yet: what a kubelet says of itself. */
    NOT_READY,
    /** It is Unknown: Kubernetes has not heard of the kubelet for a while. */
    LOST;

    private static Readiness of(String status) {
      return switch (status) {
        case "True" -> READY;
        case "Unknown" -> LOST;
        default -> NOT_READY;
      };
    }
  }

  /** A taint as Kubernetes has it. */
  public record Taint(String key, String value, String effect) {}

  /** Reads a Node. */
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

  /** Whether a flanneld published something of it; people set the others. */
  public boolean isPublished() {
    return flannel.keySet().stream().anyMatch(PUBLISHED::contains);
  }

  /** Whether it runs Windows, whose flannel is another program. */
  public boolean isWindows() {
    return "windows".equals(labels.get("kubernetes.io/os"));
  }

  /** Whether its kubelet says that it is well. */
  public boolean ready() {
    return readiness == Readiness.READY;
  }

  /** Whether its kubelet says nothing any more: it is off, or cut off. */
  public boolean lost() {
    return readiness == Readiness.LOST;
  }

  /** Whether it joined the cluster or booted after a time; not after none. */
  public boolean startedAfter(Optional<Instant> time) {
    return time.filter(started::isAfter).isPresent();
  }

  /**
   * The same, with what its agent says of its last boot.
   *
   * @param time RFC 3339; anything else, and null, says nothing
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

  /** The node's range of a family, if its podCIDRs have a valid one. */
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

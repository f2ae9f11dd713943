package io.flannel.operator.overlay;

import io.fabric8.kubernetes.api.model.Node;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What of a Node matters to the overlay; two Nodes with the same are alike to it.
 *
 * @param podCidrs {@code spec.podCIDRs}, as they are written
 * @param internalIps addresses of type InternalIP, as they are written
 * @param flannel flannel's annotations, without their prefix {@code flannel.alpha.coreos.com/}
 * @param ready whether the Node's condition Ready is True
 */
public record ClusterNode(
    String name,
    Map<String, String> labels,
    List<Taint> taints,
    List<String> podCidrs,
    List<String> internalIps,
    Map<String, String> flannel,
    boolean ready) {

  /** What flannel's annotations begin with, unless flanneld was told otherwise. */
  public static final String ANNOTATION_PREFIX = "flannel.alpha.coreos.com/";

  /** A taint as Kubernetes has it. */
  public record Taint(String key, String value, String effect) {}

  /** Reads a Node. */
  public static ClusterNode of(Node node) {
    var spec = Optional.ofNullable(node.getSpec());
    var status = Optional.ofNullable(node.getStatus());
    return new ClusterNode(
        node.getMetadata().getName(),
        Map.copyOf(orEmpty(node.getMetadata().getLabels())),
        spec.map(it -> it.getTaints().stream().map(ClusterNode::taint).toList()).orElse(List.of()),
        spec.map(it -> podCidrs(it.getPodCIDRs(), it.getPodCIDR())).orElse(List.of()),
        status.stream()
            .flatMap(it -> it.getAddresses().stream())
            .filter(address -> "InternalIP".equals(address.getType()))
            .flatMap(address -> Stream.ofNullable(address.getAddress()))
            .toList(),
        flannelAnnotations(orEmpty(node.getMetadata().getAnnotations())),
        status.stream()
            .flatMap(it -> it.getConditions().stream())
            .anyMatch(
                condition ->
                    "Ready".equals(condition.getType()) && "True".equals(condition.getStatus())));
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
        taint.getKey(), taint.getValue() == null ? "" : taint.getValue(), taint.getEffect());
  }

  private static List<String> podCidrs(@Nullable List<String> many, @Nullable String one) {
    if (many != null && !many.isEmpty()) {
      return List.copyOf(many);
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

  private static Map<String, String> orEmpty(@Nullable Map<String, String> map) {
    return map == null ? Map.of() : map;
  }
}

package io.flannel.operator.observe;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.NodeSystemInfo;
import io.fabric8.kubernetes.api.model.NodeSystemInfoBuilder;
import io.flannel.operator.flannel.ClusterNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The part of a Node that {@link ClusterNode} reads. A real Node is 5 to 50 kB, mostly its list of
 * images and the managed fields; what remains is under 2 kB.
 */
public final class TrimmedNode {
  private TrimmedNode() {}

  /** Trims a Node. */
  public static Node of(Node node) {
    var spec = Optional.ofNullable(node.getSpec());
    var status = Optional.ofNullable(node.getStatus());
    Map<String, String> annotations = new HashMap<>();
    Optional.ofNullable(node.getMetadata().getAnnotations())
        .orElse(Map.of())
        .forEach(
            (key, value) -> {
              if (key.startsWith(ClusterNode.ANNOTATION_PREFIX)) {
                annotations.put(key, value);
              }
            });
    return new NodeBuilder()
        .withMetadata(
            Identity.of(node.getMetadata())
                .withLabels(node.getMetadata().getLabels())
                .withAnnotations(annotations)
                .build())
        .withNewSpec()
        .withPodCIDR(spec.map(it -> it.getPodCIDR()).orElse(null))
        .withPodCIDRs(spec.map(it -> it.getPodCIDRs()).orElse(List.of()))
        .withTaints(spec.map(it -> it.getTaints()).orElse(List.of()))
        .endSpec()
        .withNewStatus()
        .withAddresses(status.map(it -> it.getAddresses()).orElse(List.of()))
        .withConditions(
            status.stream()
                .flatMap(it -> it.getConditions().stream())
                .filter(Objects::nonNull)
                .filter(condition -> "Ready".equals(condition.getType()))
                .map(TrimmedNode::withoutTimes)
                .toList())
        .withNodeInfo(status.map(it -> it.getNodeInfo()).map(TrimmedNode::version).orElse(null))
        .endStatus()
        .build();
  }

  private static NodeSystemInfo version(NodeSystemInfo info) {
    return new NodeSystemInfoBuilder().withKubeletVersion(info.getKubeletVersion()).build();
  }

  private static NodeCondition withoutTimes(NodeCondition condition) {
    return new NodeCondition(null, null, null, null, condition.getStatus(), condition.getType());
  }
}

package io.flannel.operator.apply;

import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.flannel.operator.flannel.foreign.ForeignFlannel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Makes a DaemonSet leave nodes: by its nodeAffinity, with OnDelete, so that no pod is restarted
 * for the new template. Its controller then deletes the pods of just these nodes
 * (pkg/controller/daemon, podsShouldBeOnNode).
 */
public final class NodeExclusion {
  private NodeExclusion() {}

  /**
   * Returns the patch of the DaemonSet's spec that excludes these nodes in addition to those it has
   * left before.
   */
  static Map<String, Object> patch(DaemonSet daemonSet, List<String> nodes) {
    List<NodeSelectorTerm> terms =
        Optional.ofNullable(daemonSet.getSpec().getTemplate().getSpec().getAffinity())
            .flatMap(it -> Optional.ofNullable(it.getNodeAffinity()))
            .flatMap(
                it -> Optional.ofNullable(it.getRequiredDuringSchedulingIgnoredDuringExecution()))
            .map(it -> it.getNodeSelectorTerms())
            .filter(it -> !it.isEmpty())
            .orElseGet(() -> List.of(new NodeSelectorTerm()));
    Map<String, Object> strategy = new HashMap<>();
    strategy.put("type", "OnDelete");
    strategy.put("rollingUpdate", null);
    return Map.of(
        "updateStrategy",
        strategy,
        "template",
        Map.of(
            "spec",
            Map.of(
                "affinity",
                Map.of(
                    "nodeAffinity",
                    Map.of(
                        "requiredDuringSchedulingIgnoredDuringExecution",
                        Map.of(
                            "nodeSelectorTerms",
                            terms.stream().map(term -> without(term, nodes)).toList()))))));
  }

  private static NodeSelectorTerm without(NodeSelectorTerm term, List<String> nodes) {
    List<NodeSelectorRequirement> fields = new ArrayList<>(term.getMatchFields());
    // The API server accepts only one value per requirement.
    nodes.forEach(
        node ->
            fields.add(
                new NodeSelectorRequirement(ForeignFlannel.NODE_NAME, "NotIn", List.of(node))));
    return new NodeSelectorTerm(term.getMatchExpressions(), fields);
  }
}

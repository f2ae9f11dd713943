package io.flannel.operator.flannel.foreign;

import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads the nodeAffinity of upstream's pods, which requires no more than a nodeSelector could. */
final class ForeignAffinity {
  private ForeignAffinity() {}

  /**
   * Adds the required labels to a nodeSelector.
   *
   * @return what a nodeSelector can't express
   */
  static List<String> read(@Nullable Affinity affinity, Map<String, String> nodeSelector) {
    List<String> unsupported = new ArrayList<>();
    if (affinity == null) {
      return unsupported;
    }
    if (affinity.getPodAffinity() != null) {
      unsupported.add("podAffinity");
    }
    if (affinity.getPodAntiAffinity() != null) {
      unsupported.add("podAntiAffinity");
    }
    var nodes = affinity.getNodeAffinity();
    if (nodes == null) {
      return unsupported;
    }
    if (!nodes.getPreferredDuringSchedulingIgnoredDuringExecution().isEmpty()) {
      unsupported.add("nodeAffinity that prefers nodes");
    }
    var required = nodes.getRequiredDuringSchedulingIgnoredDuringExecution();
    List<NodeSelectorTerm> terms = required == null ? List.of() : required.getNodeSelectorTerms();
    if (terms.size() > 1) {
      unsupported.add("nodeAffinity with %d nodeSelectorTerms".formatted(terms.size()));
      return unsupported;
    }
    for (NodeSelectorTerm term : terms) {
      term.getMatchFields().forEach(one -> unsupported.add("nodeAffinity: " + said(one)));
      for (NodeSelectorRequirement one : term.getMatchExpressions()) {
        boolean equals = "In".equals(one.getOperator()) && one.getValues().size() == 1;
        String value = equals ? one.getValues().getFirst() : "";
        String before = equals ? nodeSelector.putIfAbsent(one.getKey(), value) : null;
        if (!equals || (before != null && !before.equals(value))) {
          unsupported.add("nodeAffinity: " + said(one));
        }
      }
    }
    return unsupported;
  }

  private static String said(NodeSelectorRequirement one) {
    return "%s %s %s".formatted(one.getKey(), one.getOperator(), one.getValues());
  }
}

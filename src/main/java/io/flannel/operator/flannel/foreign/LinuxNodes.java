package io.flannel.operator.flannel.foreign;

import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.PodOS;
import io.fabric8.kubernetes.api.model.PodSpec;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Recognizes pods that may run on a Linux node by what they require of the operating system, which
 * every kubelet reports in these labels. Some node may meet their other requirements.
 */
final class LinuxNodes {
  private static final String OS = "linux";

  private static final Set<String> LABELS = Set.of("kubernetes.io/os", "beta.kubernetes.io/os");

  private LinuxNodes() {}

  /** Whether some Linux node could run the pod. */
  static boolean mayRun(PodSpec pod) {
    boolean built =
        Optional.ofNullable(pod.getOs()).map(PodOS::getName).filter(os -> !os.equals(OS)).isEmpty();
    boolean selected =
        Objects.requireNonNullElse(pod.getNodeSelector(), Map.<String, String>of())
            .entrySet()
            .stream()
            .allMatch(label -> !LABELS.contains(label.getKey()) || OS.equals(label.getValue()));
    return built && selected && mayTake(pod.getAffinity());
  }

  private static boolean mayTake(@Nullable Affinity affinity) {
    return Optional.ofNullable(affinity)
        .map(Affinity::getNodeAffinity)
        .map(it -> it.getRequiredDuringSchedulingIgnoredDuringExecution())
        .map(it -> it.getNodeSelectorTerms())
        // A node matches if one term does.
        .filter(terms -> terms.stream().noneMatch(LinuxNodes::mayMatch))
        .isEmpty();
  }

  /** A term without requirements matches no node. */
  private static boolean mayMatch(NodeSelectorTerm term) {
    List<NodeSelectorRequirement> labels = term.getMatchExpressions();
    return !(labels.isEmpty() && term.getMatchFields().isEmpty())
        && labels.stream().allMatch(LinuxNodes::mayMatch);
  }

  private static boolean mayMatch(NodeSelectorRequirement one) {
    return !LABELS.contains(one.getKey())
        || switch (String.valueOf(one.getOperator())) {
          case "In" -> one.getValues().contains(OS);
          case "NotIn" -> !one.getValues().contains(OS);
          case "DoesNotExist", "Gt", "Lt" -> false;
          default -> true;
        };
  }
}

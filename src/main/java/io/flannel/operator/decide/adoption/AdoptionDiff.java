package io.flannel.operator.decide.adoption;

import io.flannel.operator.decide.change.FieldDiff;
import io.flannel.operator.decide.change.SpecDiff;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.FlanneldArgs;
import io.flannel.operator.flannel.Names;
import io.flannel.operator.flannel.PodTemplate;
import io.flannel.operator.flannel.Pods;
import io.flannel.operator.flannel.live.AppliedConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The differences in effect between a flannel to adopt and a wanted network, with every default
 * filled in. Notation does not count: the pods are recreated in any case.
 */
final class AdoptionDiff {
  private AdoptionDiff() {}

  /**
   * Returns all differences.
   *
   * @param found the network that would have installed what was found
   * @param nodes tolerations and nodeSelector are compared by which of these nodes they select
   */
  static List<FieldDiff> between(
      DesiredNetwork found, DesiredNetwork wanted, List<ClusterNode> nodes) {
    List<FieldDiff> differences =
        new ArrayList<>(SpecDiff.between(AppliedConfig.of(found), AppliedConfig.of(wanted)));
    differences.addAll(
        SpecDiff.between(inEffect(PodTemplate.of(found)), inEffect(PodTemplate.of(wanted))));
    placement(on(found, nodes), on(wanted, nodes)).ifPresent(differences::add);
    return List.copyOf(differences);
  }

  private static PodTemplate inEffect(PodTemplate pods) {
    return new PodTemplate(
        pods.image(),
        pods.cniPluginImage(),
        FlanneldArgs.parse(pods.options()).without(Set.of()),
        pods.psk(),
        directory(pods.cniBinDir()),
        directory(pods.cniConfDir()),
        Optional.of(pods.imagePullPolicy().orElseGet(() -> Pods.defaultPullPolicy(pods.image()))),
        pods.imagePullSecrets(),
        pods.limits(),
        pods.requests(),
        List.of(),
        Map.of(),
        Optional.empty());
  }

  private static String directory(String path) {
    int end = path.length();
    while (end > 1 && path.charAt(end - 1) == '/') {
      end--;
    }
    return path.substring(0, end);
  }

  private static List<String> on(DesiredNetwork network, List<ClusterNode> nodes) {
    return nodes.stream().filter(network.pods()::runOn).map(ClusterNode::name).sorted().toList();
  }

  private static Optional<FieldDiff> placement(List<String> now, List<String> then) {
    if (now.equals(then)) {
      return Optional.empty();
    }
    List<String> lost = now.stream().filter(node -> !then.contains(node)).toList();
    List<String> more = then.stream().filter(node -> !now.contains(node)).toList();
    return Optional.of(
        new FieldDiff(
            "flannel.tolerations and flannel.nodeSelector",
            Optional.of(lost.isEmpty() ? "not on " + Names.and(more) : "on " + Names.and(lost)),
            Optional.of(lost.isEmpty() ? "on " + Names.and(more) : "not on " + Names.and(lost))));
  }
}

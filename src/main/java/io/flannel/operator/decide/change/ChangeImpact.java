package io.flannel.operator.decide.change;

import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.flannel.Backend;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Encapsulation;
import io.flannel.operator.flannel.NetConf;
import io.flannel.operator.flannel.live.AppliedConfig;
import io.flannel.operator.flannel.live.LiveFlannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a wanted network means for the flannel that runs: the impact of a change before anything of
 * it is written. It is made of what is live (DaemonSet, its ConfigMap, Nodes), so that a change
 * that is written already, wholly or on its way to the nodes, is none.
 */
public sealed interface ChangeImpact {
  /** The fields that differ from what is live, in the order of the spec. */
  List<FieldDiff> differences();

  /** What it means, for people. */
  String message();

  /**
   * What nodes will send to each other and did not before, so that the network between them may
   * drop it.
   */
  default Optional<Encapsulation> newEncapsulation() {
    return Optional.empty();
  }

  /** Nothing is to be done, or nothing runs yet. */
  record None() implements ChangeImpact {
    @Override
    public List<FieldDiff> differences() {
      return List.of();
    }

    @Override
    public String message() {
      return "what runs is what the spec says";
    }
  }

  /** Packets keep flowing while it goes from node to node. */
  record Live(List<FieldDiff> differences, String message, Optional<Encapsulation> newEncapsulation)
      implements ChangeImpact {}

  /** It cuts traffic; see {@link #message}. */
  record Disruptive(
      List<FieldDiff> differences, String message, Optional<Encapsulation> newEncapsulation)
      implements ChangeImpact {}

  /**
   * It can't be carried out on this cluster.
   *
   * @param reason the cause in one word, for programs
   * @param remedy the way out
   */
  record Refused(List<FieldDiff> differences, String reason, String message, String remedy)
      implements ChangeImpact {}

  /**
   * Judges the change from what is live to what is wanted, if it can be carried out at all: {@link
   * Refused} is none of its answers.
   */
  static ChangeImpact judge(DesiredNetwork wanted, ClusterState cluster) {
    if (cluster.live().isEmpty()) {
      return new None();
    }
    LiveFlannel live = cluster.live().get();
    List<FieldDiff> differences = SpecDiff.between(live, wanted);
    if (differences.isEmpty()) {
      return new None();
    }
    List<String> cuts = Disruption.of(live, wanted, cluster);
    List<String> said = new ArrayList<>(cuts);
    said.addAll(warnings(live, wanted));
    Optional<Encapsulation> encapsulation = newEncapsulation(live, wanted);
    return cuts.isEmpty()
        ? new Live(differences, sentences(differences, "cuts nothing", said), encapsulation)
        : new Disruptive(differences, sentences(differences, "cuts traffic", said), encapsulation);
  }

  private static String sentences(List<FieldDiff> differences, String verdict, List<String> said) {
    String what =
        "the change of %s %s"
            .formatted(
                String.join(", ", differences.stream().map(FieldDiff::toString).toList()), verdict);
    return said.isEmpty() ? what : what + ": " + String.join(". ", said);
  }

  /** What is worth knowing beforehand, though it cuts nothing by itself. */
  private static List<String> warnings(LiveFlannel live, DesiredNetwork wanted) {
    List<String> warnings = new ArrayList<>();
    AppliedConfig after = AppliedConfig.of(wanted);
    live.config()
        .ifPresent(
            before -> {
              PodMtu.warning(before, after).ifPresent(warnings::add);
              before.ranges().forEach(range -> narrower(range, after).ifPresent(warnings::add));
            });
    return warnings;
  }

  private static Optional<String> narrower(Cidr before, AppliedConfig after) {
    return after.ranges().stream()
        .filter(range -> range.family() == before.family() && !range.contains(before))
        .findFirst()
        .map(
            range ->
                "all nodes' podCIDRs are in %s; those of nodes that join must be, too: set the"
                        .formatted(range)
                    + " controller-manager's --cluster-cidr to it");
  }

  /**
   * With {@code directRouting} neighbours did without the encapsulation: without it they are new to
   * it.
   */
  private static Optional<Encapsulation> newEncapsulation(LiveFlannel live, DesiredNetwork wanted) {
    if (live.configHash().equals(NetConf.of(wanted).hash())) {
      return Optional.empty();
    }
    Optional<Backend> before = live.config().flatMap(AppliedConfig::backend);
    boolean spared =
        before.filter(Backend::directRouting).isPresent() && !wanted.backend().directRouting();
    return wanted
        .backend()
        .encapsulation()
        .filter(
            next -> spared || !before.flatMap(Backend::encapsulation).equals(Optional.of(next)));
  }
}

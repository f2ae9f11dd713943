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
 * What a wanted network means for the running flannel: the impact of a change before any of it is
 * written. It compares with what is live (DaemonSet, its ConfigMap, Nodes), so a change that is
 * already written has no impact, even if it has not reached every node.
 */
public sealed interface ChangeImpact {
  /** The fields that differ from what is live, in the order of the spec. */
  List<FieldDiff> differences();

  /** What the change means, for people. */
  String message();

  /**
   * The encapsulation that nodes will newly send to each other, and that the network between them
   * may drop.
   */
  default Optional<Encapsulation> newEncapsulation() {
    return Optional.empty();
  }

  /** There is nothing to do, or nothing runs yet. */
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

  /** Packets keep flowing while the change goes from node to node. */
  record Live(List<FieldDiff> differences, String message, Optional<Encapsulation> newEncapsulation)
      implements ChangeImpact {}

  /** The change cuts traffic; see {@link #message}. */
  record Disruptive(
      List<FieldDiff> differences, String message, Optional<Encapsulation> newEncapsulation)
      implements ChangeImpact {}

  /**
   * The change can't be carried out on this cluster.
   *
   * @param reason the cause in one word, for programs
   * @param remedy what to do about it
   */
  record Refused(List<FieldDiff> differences, String reason, String message, String remedy)
      implements ChangeImpact {}

  /**
   * Judges the change from what is live to what is wanted, assuming that it can be carried out: it
   * never returns {@link Refused}.
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

  /** What is worth knowing in advance, though it cuts nothing by itself. */
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
   * Returns the encapsulation that is new to some nodes. With {@code directRouting}, neighbours
   * used none; without it, even the same encapsulation is new to them.
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

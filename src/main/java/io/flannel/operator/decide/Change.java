package io.flannel.operator.decide;

import io.flannel.operator.overlay.AppliedConfig;
import io.flannel.operator.overlay.Backend;
import io.flannel.operator.overlay.Cidr;
import io.flannel.operator.overlay.Encapsulation;
import io.flannel.operator.overlay.LiveFlannel;
import io.flannel.operator.overlay.NetConf;
import io.flannel.operator.overlay.WantedNetwork;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a wanted network means for the flannel that runs: the judgement of a change before anything
 * of it is written. It is made of what is live (DaemonSet, its ConfigMap, Nodes), so that a change
 * that is written already, wholly or on its way to the nodes, is none.
 */
public sealed interface Change {
  /** The fields that differ from what is live, in the order of the spec. */
  List<Difference> differences();

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
  record None() implements Change {
    @Override
    public List<Difference> differences() {
      return List.of();
    }

    @Override
    public String message() {
      return "what runs is what the spec says";
    }
  }

  /** Packets keep flowing while it goes from node to node. */
  record Live(
      List<Difference> differences, String message, Optional<Encapsulation> newEncapsulation)
      implements Change {}

  /** It cuts traffic; see {@link #message}. */
  record Disruptive(
      List<Difference> differences, String message, Optional<Encapsulation> newEncapsulation)
      implements Change {}

  /**
   * It can't be carried out on this cluster.
   *
   * @param reason the cause in one word, for programs
   * @param remedy the way out
   */
  record Refused(List<Difference> differences, String reason, String message, String remedy)
      implements Change {}

  /**
   * Judges the change from what is live to what is wanted, if it can be carried out at all: {@link
   * Refused} is none of its answers.
   */
  static Change judge(WantedNetwork wanted, ClusterState cluster) {
    if (cluster.live().isEmpty()) {
      return new None();
    }
    LiveFlannel live = cluster.live().get();
    List<Difference> differences = Differences.between(live, wanted);
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

  private static String sentences(List<Difference> differences, String verdict, List<String> said) {
    String what =
        "the change of %s %s"
            .formatted(
                String.join(", ", differences.stream().map(Difference::toString).toList()),
                verdict);
    return said.isEmpty() ? what : what + ": " + String.join(". ", said);
  }

  /** What is worth knowing beforehand, though it cuts nothing by itself. */
  private static List<String> warnings(LiveFlannel live, WantedNetwork wanted) {
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
  private static Optional<Encapsulation> newEncapsulation(LiveFlannel live, WantedNetwork wanted) {
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

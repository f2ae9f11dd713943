package io.flannel.operator.decide.rollout;

import static io.flannel.operator.decide.Clusters.cluster;
import static io.flannel.operator.flannel.Nodes.node;
import static io.flannel.operator.flannel.live.FlannelPodBuilder.podOn;
import static io.flannel.operator.flannel.live.PodCountsBuilder.counts;

import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout.Phase;
import io.flannel.operator.api.RolloutBuilder;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.observation.Observation;
import io.flannel.operator.decide.rollout.RolloutGates.Waiting;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.flannel.live.FlannelPod;
import io.flannel.operator.flannel.live.FlannelPods;
import io.flannel.operator.flannel.live.LiveFlannel;
import io.flannel.operator.flannel.live.RolloutAnnotations;
import io.flannel.operator.flannel.live.RolloutMarks;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Two nodes with flannel on ipip, and what the operator decides about its rollout. */
final class RolloutScenario {
  static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");

  /** Before any Node was created. */
  static final Instant BEFORE_ALL = Instant.parse("2026-10-01T00:00:00Z");

  static final Instant EARLIER = Instant.parse("2026-11-23T09:00:00Z");

  static final DesiredNetwork TWO_AT_ONCE =
      Networks.wanted("{cidr: 10.244.0.0/16, backend: {type: ipip}, rollout: {maxUnavailable: 2}}");

  private static final DesiredNetwork TWO_AT_ONCE_AND_NOT_BACK =
      Networks.wanted(
          "{cidr: 10.244.0.0/16, backend: {type: ipip},"
              + " rollout: {maxUnavailable: 2, onFailure: Pause}}");

  static final Waiting ILL = new Waiting("n2", "EncapsulationBlocked at n2", true);

  private static final DesiredNetwork IPIP = Networks.ipip("10.244.0.0/16");

  private RolloutScenario() {}

  /**
   * Decides with two nodes at once, and with rollback.
   *
   * @param ill the node that the rollout made unhealthy; null if there is none
   */
  static RolloutAction decide(String revision, ClusterState cluster, @Nullable Waiting ill) {
    return decide(revision, cluster, Optional.empty(), ill, true);
  }

  /**
   * Decides the same.
   *
   * @param said the rollout in the status as last written
   */
  static RolloutAction decide(
      String revision,
      ClusterState cluster,
      Optional<Rollout> said,
      @Nullable Waiting ill,
      boolean mayGoBack) {
    return decide(
        seen(mayGoBack ? TWO_AT_ONCE : TWO_AT_ONCE_AND_NOT_BACK, cluster, said),
        revision,
        Optional.ofNullable(ill));
  }

  /** Decides for another network where all nodes are healthy. */
  static RolloutAction decide(DesiredNetwork wanted, String revision, ClusterState cluster) {
    return decide(seen(wanted, cluster, Optional.empty()), revision, Optional.empty());
  }

  /** Decides for a user's attempt, in a cluster without leases. */
  static RolloutAction attempt(String revision, String attempt, ClusterState cluster) {
    return RolloutAction.decide(
        new Observation(TWO_AT_ONCE, cluster, Map.of(), Optional.empty(), List.of(), NOW),
        new RolloutState.Target(revision, attempt),
        Optional.empty(),
        Optional.empty());
  }

  private static RolloutAction decide(Observation seen, String revision, Optional<Waiting> ill) {
    return RolloutAction.decide(seen, new RolloutState.Target(revision, ""), Optional.empty(), ill);
  }

  private static Observation seen(
      DesiredNetwork wanted, ClusterState cluster, Optional<Rollout> said) {
    return Observation.of(
        wanted,
        cluster,
        Map.of(),
        said.map(
            rollout ->
                new FlannelNetworkStatus(
                    null, null, null, null, rollout, null, null, null, null, null)),
        NOW);
  }

  /** Annotations of a template that was written at {@link #EARLIER}. */
  static RolloutMarks marks(String revision) {
    return RolloutMarks.marks(revision).changedAt(EARLIER);
  }

  /** A cluster with its first template. */
  static ClusterState running(String revision, FlannelPod... pods) {
    return live(marks(revision).get(), pods);
  }

  static ClusterState live(RolloutAnnotations marks, FlannelPod... pods) {
    return cluster(node("n1"), node("n2"))
        .live(marked(Networks.live(IPIP, counts(2).updated(1).available(1).get()), marks))
        .pods(new FlannelPods(List.of(pods), Map.of()))
        .state();
  }

  /** Two nodes on vxlan, with leases. */
  static ClusterState vxlan(RolloutAnnotations marks, FlannelPod... pods) {
    return cluster(
            node("n1").podCidr("10.244.1.0/24").leased("vxlan", "192.168.0.1"),
            node("n2").podCidr("10.244.2.0/24").leased("vxlan", "192.168.0.2"))
        .live(marked(Networks.live(Networks.vxlan("10.244.0.0/16"), 2), marks))
        .pods(new FlannelPods(List.of(pods), Map.of()))
        .state();
  }

  private static LiveFlannel marked(LiveFlannel live, RolloutAnnotations marks) {
    return new LiveFlannel(live.configHash(), live.config(), live.template(), live.pods(), marks);
  }

  /** A flannel pod that has run since {@link #EARLIER}. */
  static FlannelPod pod(String node, String revision, boolean gateOpen) {
    return podOn(node).revision(revision).runningSince(EARLIER).gateOpen(gateOpen).get();
  }

  /** A status that says that a rollout is stalled. */
  static Rollout stalled(String hash) {
    return RolloutBuilder.in(Phase.STALLED)
        .updated(0)
        .total(2)
        .to(hash)
        .message("0 of 2, and no further one")
        .get();
  }
}

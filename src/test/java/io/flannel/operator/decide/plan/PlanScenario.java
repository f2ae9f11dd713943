package io.flannel.operator.decide.plan;

import static io.flannel.operator.decide.Clusters.cluster;
import static io.flannel.operator.flannel.Nodes.node;

import io.flannel.operator.decide.Clusters;
import io.flannel.operator.decide.observation.Observation;
import io.flannel.operator.decide.plan.Planner.Request;
import io.flannel.operator.decide.rollout.RolloutState.Target;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.flannel.live.LiveFlannel;
import io.flannel.operator.flannel.live.RolloutAnnotations;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Two nodes, and a network whose template has the revision {@code new}. */
final class PlanScenario {
  static final DesiredNetwork IPIP = Networks.ipip("10.244.0.0/16");
  static final DesiredNetwork VXLAN = Networks.vxlan("10.244.0.0/16");
  static final ObservedTasks NO_TASKS =
      new ObservedTasks(List.of(), List.of(), List.of(), Map.of());

  private static final Instant NOW = Instant.parse("2026-11-30T10:00:00Z");

  private PlanScenario() {}

  /** Two nodes without a flannel. */
  static Clusters fresh() {
    return cluster(node("n1").podCidr("10.244.1.0/24"), node("n2").podCidr("10.244.2.0/24"));
  }

  /** Two nodes that flannel registered with this backend. */
  static Clusters leased(String backend) {
    return cluster(
        node("n1").podCidr("10.244.1.0/24").leased(backend, "192.168.0.1"),
        node("n2").podCidr("10.244.2.0/24").leased(backend, "192.168.0.2"));
  }

  /** Two nodes on which this network is in force, with a template of this revision. */
  static Clusters running(DesiredNetwork network, String revision) {
    LiveFlannel live = Networks.live(network, 2);
    return leased(network.backend().type().wireName())
        .live(
            new LiveFlannel(
                live.configHash(),
                live.config(),
                live.template(),
                live.pods(),
                new RolloutAnnotations(
                    revision, Optional.of(NOW), Optional.empty(), Set.of(), Optional.empty())));
  }

  static Observation seen(DesiredNetwork wanted, Clusters cluster) {
    return Observation.of(wanted, cluster.state(), Map.of(), Optional.empty(), NOW);
  }

  static Plan plan(DesiredNetwork wanted, Clusters cluster, ObservedTasks tasks) {
    return Planner.plan(seen(wanted, cluster), tasks, request(false));
  }

  static Request request(boolean paused) {
    return new Request("uid", new Target("new", ""), paused);
  }
}

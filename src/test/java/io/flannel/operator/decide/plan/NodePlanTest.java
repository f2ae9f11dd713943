package io.flannel.operator.decide.plan;

import static io.flannel.operator.decide.plan.PlanScenario.IPIP;
import static io.flannel.operator.decide.plan.PlanScenario.NO_TASKS;
import static io.flannel.operator.decide.plan.PlanScenario.VXLAN;
import static io.flannel.operator.decide.plan.PlanScenario.leased;
import static io.flannel.operator.decide.plan.PlanScenario.plan;
import static io.flannel.operator.decide.plan.PlanScenario.request;
import static io.flannel.operator.decide.plan.PlanScenario.running;
import static io.flannel.operator.decide.plan.PlanScenario.seen;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.decide.Clusters;
import io.flannel.operator.decide.observation.Observation;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.ForeignInstalls;
import io.flannel.operator.flannel.Networks;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What to do on the nodes once the cluster's objects are written. */
class NodePlanTest {
  @Test
  void agentsAreToldOfWhatIsInForceWhateverBecameOfTheSpec() {
    assertThat(nodes(IPIP, running(IPIP, "new")).specs()).isPresent();
    assertThat(nodes(Networks.ipip("10.96.0.0/12"), refused()).specs()).isPresent();
    assertThat(
            nodes(Networks.ipip("10.96.0.0/12"), leased("ipip").services("10.96.0.0/16")).specs())
        .as("nothing is in force")
        .isEmpty();
  }

  @Test
  void aPausedNetworkIsLeftAlone() {
    Observation seen = seen(IPIP, running(IPIP, "new"));
    NodePlan nodes = NodePlan.of(seen, Planner.plan(seen, NO_TASKS, request(true)), Map.of());
    assertThat(nodes.specs()).isEmpty();
    assertThat(nodes.removes()).isFalse();
    assertThat(nodes.endsRemovals()).isFalse();
  }

  @Test
  void leftOversAreRemovedWhereTheNetworkIsAloneOnTheNodes() {
    assertThat(nodes(IPIP, running(IPIP, "new")).removes()).isTrue();
    assertThat(nodes(IPIP, refused()).removes()).as("accepted").isTrue();
    assertThat(nodes(Networks.ipip("10.96.0.0/12"), refused()).removes()).isFalse();
    assertThat(nodes(VXLAN, running(IPIP, "old")).removes()).as("it waits").isFalse();
  }

  @Test
  void removalsEndBesideAnothersFlannel() {
    NodePlan nodes =
        nodes(IPIP, running(IPIP, "new").others(ForeignInstalls.other("kube-flannel-ds-amd64")));
    assertThat(nodes.removes()).isFalse();
    assertThat(nodes.endsRemovals()).isTrue();
    assertThat(nodes.specs()).isPresent();
  }

  @Test
  void aRefusedRequestPostponesThem() {
    NodePlan postponed = nodes(IPIP, running(IPIP, "new")).postponed();
    assertThat(postponed.removes()).isFalse();
    assertThat(postponed.removal().tasks().nodes()).isEmpty();
    assertThat(postponed.specs()).isPresent();
  }

  private static Clusters refused() {
    return running(IPIP, "new").services("10.96.0.0/16");
  }

  private static NodePlan nodes(DesiredNetwork wanted, Clusters cluster) {
    return NodePlan.of(seen(wanted, cluster), plan(wanted, cluster, NO_TASKS), Map.of());
  }
}

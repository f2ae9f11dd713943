package io.flannel.operator.decide.rollout;

import static io.flannel.operator.flannel.live.FlannelPodBuilder.podOn;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.decide.health.AgentReport.Finding;
import io.flannel.operator.decide.health.AgentReport.Received;
import io.flannel.operator.decide.health.TunnelScenario;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.flannel.live.FlannelPods;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Which findings count on a node whose flannel pod was just replaced. Gates are judged after 10 s.
 */
class RestartGraceTest {
  private static final DesiredNetwork.Health HEALTH = Networks.ipip("10.244.0.0/16").health();
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");
  private static final String NODE = "n0001";

  @Test
  void findingsThatFlanneldIsYetToMendAreNotTold() {
    assertThat(told(pod(null, false))).containsExactly(NodeFault.IP_FORWARDING_OFF);
    assertThat(told(pod(NOW.minusSeconds(5), false))).containsExactly(NodeFault.IP_FORWARDING_OFF);
  }

  @Test
  void findingsThatAreStillThereWhenTheGateIsJudgedAreTold() {
    assertThat(told(pod(NOW.minusSeconds(60), false)))
        .containsExactly(NodeFault.ROUTE_WRONG, NodeFault.IP_FORWARDING_OFF);
  }

  @Test
  void findingsAreAllToldWhereFlannelWasNotReplaced() {
    assertThat(told(pod(NOW.minusSeconds(5), true)))
        .containsExactly(NodeFault.ROUTE_WRONG, NodeFault.IP_FORWARDING_OFF);
    assertThat(told(FlannelPods.NONE))
        .containsExactly(NodeFault.ROUTE_WRONG, NodeFault.IP_FORWARDING_OFF);
  }

  private static FlannelPods pod(@Nullable Instant runningSince, boolean gateOpen) {
    return new FlannelPods(
        List.of(podOn(NODE).runningSince(runningSince).gateOpen(gateOpen).get()), Map.of());
  }

  private static List<NodeFault> told(FlannelPods pods) {
    var lab =
        new TunnelScenario(2)
            .finds(NODE, NodeFault.ROUTE_WRONG, "n0000")
            .finds(NODE, NodeFault.IP_FORWARDING_OFF, null);
    AgentReport report = RestartGrace.told(lab.reports(), pods, HEALTH, NOW).get(NODE);
    return ((Received) report).findings().stream().map(Finding::fault).toList();
  }
}

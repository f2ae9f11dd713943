package io.flannel.operator.decide;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.decide.AgentReport.Finding;
import io.flannel.operator.decide.AgentReport.Received;
import io.flannel.operator.overlay.FlannelPod;
import io.flannel.operator.overlay.FlannelPods;
import io.flannel.operator.overlay.Networks;
import io.flannel.operator.overlay.WantedNetwork;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What is told of a node whose flannel pod has just been replaced; gates are judged after 10 s. */
class FreshFlannelTest {
  private static final WantedNetwork.Health HEALTH = Networks.ipip("10.244.0.0/16").health();
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");
  private static final String NODE = "n0001";

  @Test
  void whatFlanneldIsYetToProgramIsNotTold() {
    assertThat(told(pod(null, false))).containsExactly(LocalFault.IP_FORWARDING_OFF);
    assertThat(told(pod(NOW.minusSeconds(5), false))).containsExactly(LocalFault.IP_FORWARDING_OFF);
  }

  @Test
  void whatIsStillThereWhenTheGateIsJudgedIsTold() {
    assertThat(told(pod(NOW.minusSeconds(60), false)))
        .containsExactly(LocalFault.ROUTE_WRONG, LocalFault.IP_FORWARDING_OFF);
  }

  @Test
  void whereFlannelWasNotReplacedAllIsTold() {
    assertThat(told(pod(NOW.minusSeconds(5), true)))
        .containsExactly(LocalFault.ROUTE_WRONG, LocalFault.IP_FORWARDING_OFF);
    assertThat(told(FlannelPods.NONE))
        .containsExactly(LocalFault.ROUTE_WRONG, LocalFault.IP_FORWARDING_OFF);
  }

  private static FlannelPods pod(@Nullable Instant runningSince, boolean gateOpen) {
    return new FlannelPods(
        List.of(
            new FlannelPod("p", NODE, "r", "hash", Optional.ofNullable(runningSince), gateOpen)),
        Map.of());
  }

  private static List<LocalFault> told(FlannelPods pods) {
    var lab =
        new TunnelLab(2)
            .finds(NODE, LocalFault.ROUTE_WRONG, "n0000")
            .finds(NODE, LocalFault.IP_FORWARDING_OFF, null);
    AgentReport report = FreshFlannel.told(lab.reports(), pods, HEALTH, NOW).get(NODE);
    return ((Received) report).findings().stream().map(Finding::fault).toList();
  }
}

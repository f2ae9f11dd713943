package io.flannel.operator.report;

import static io.flannel.operator.flannel.Networks.ipip;
import static io.flannel.operator.flannel.Networks.unmeasured;
import static io.flannel.operator.flannel.Networks.vxlan;
import static io.flannel.operator.flannel.Networks.wanted;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.api.FlannelNodeStatus.Device;
import io.flannel.operator.api.StatusCondition;
import io.flannel.operator.api.StatusCondition.Status;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.decide.health.PathState;
import io.flannel.operator.decide.health.TunnelIssue;
import io.flannel.operator.decide.health.TunnelIssue.At;
import io.flannel.operator.decide.health.TunnelVerdict;
import io.flannel.operator.decide.health.TunnelVerdicts;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.decide.problem.ProblemReason;
import io.flannel.operator.decide.problem.TunnelProblem;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Installs;
import io.flannel.operator.flannel.live.LiveFlannel.PodCounts;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What is said of tunnels while flannel is on its way to the nodes, and of their MTU. */
class TunnelConditionTest {
  private static final DesiredNetwork IPIP = ipip("10.244.0.0/16");

  @Test
  void whileFlannelIsBeingInstalledATunnelMayNotExistYet() {
    StatusScenario life = life().runs(IPIP, new PodCounts(true, 2, 2, 1, 1));
    life.reports(reports(PathState.TUNNEL_LOST, 1480, 1480)).report();
    assertThat(life.condition("TunnelsHealthy"))
        .extracting(StatusCondition::status, StatusCondition::reason, StatusCondition::message)
        .containsExactly(
            Status.UNKNOWN,
            "TunnelsUnknown",
            "flannel is being installed, and packets do not pass on 2 of 2 nodes yet: n1 and n2");
    assertThat(life.status().problems()).isNull();
  }

  @Test
  void whileAChangeIsUnderWayATunnelThatIsDownIsAProblem() {
    StatusScenario life = life().runs(IPIP, 2);
    life.reports(reports(PathState.PASSES, 1480, 1480)).report();
    DesiredNetwork other = vxlan("10.244.0.0/16");
    life.after(Duration.ofMinutes(1)).wants(other).runs(other, new PodCounts(true, 2, 2, 1, 1));
    life.nodes(StatusScenario.leased(1, "vxlan"), StatusScenario.leased(2, "vxlan"));
    life.reports(reports(PathState.TUNNEL_LOST, 1450, 1450)).report();
    assertThat(life.condition("TunnelsHealthy"))
        .extracting(StatusCondition::status, StatusCondition::reason)
        .containsExactly(Status.FALSE, "TunnelsUnhealthy");
    assertThat(life.status().problems()).isNotEmpty();
  }

  @Test
  void whatComesByItselfIsWaitedFor() {
    assertThat(unknown(TunnelProblem.NOT_REPORTED, NodeFault.BRIDGE_MTU_WRONG).waiting()).isTrue();
    assertThat(unknown(TunnelProblem.NOT_REPORTED, TunnelProblem.NOT_REPORTED).waiting()).isFalse();
    assertThat(unknown(TunnelProblem.AGENT_SILENT, TunnelProblem.AGENT_SILENT).waiting()).isFalse();
    assertThat(unknown(null, NodeFault.BRIDGE_MTU_WRONG).waiting()).isTrue();
  }

  @Test
  void thePodsMtuIsThePinnedOneOrThatOfAllDevices() {
    StatusScenario life = life().runs(IPIP, 2);
    life.reports(reports(PathState.PASSES, 1480, 1480)).report();
    assertThat(mtu(life)).isEqualTo(1480);
    life.reports(reports(PathState.PASSES, 1480, 8980)).report();
    assertThat(mtu(life)).as("they differ").isNull();
    DesiredNetwork pinned = wanted("{cidr: 10.244.0.0/16, backend: {type: ipip}, mtu: 1400}");
    life.wants(pinned).runs(pinned, 2).report();
    assertThat(mtu(life)).isEqualTo(1400);
  }

  @Test
  void whatAnAcceptedNetworkWaitsForIsSaid() {
    StatusScenario life = StatusScenario.running(unmeasured("ipip", "10.244.0.0/16"));
    life.decides(new Decision.Wait("Preflight", "the nodes try it")).report();
    assertThat(life.says()).isEqualTo("Accepted Reconciling: Preflight");
    assertThat(life.condition("Ready").message()).isEqualTo("the nodes try it");
  }

  @Test
  void anotherFlannelBesideIsToldWithTheAcceptance() {
    StatusScenario life = StatusScenario.running(unmeasured("ipip", "10.244.0.0/16"));
    life.beside(Installs.found("ipip-in-kube-system")).report();
    assertThat(life.condition("Accepted").message())
        .startsWith(
            "the spec can be carried out on this cluster; another flannel runs beside this one:"
                + " DaemonSet kube-system/kube-flannel-ds");
  }

  @Test
  void familyThatIsNotMeasuredIsNamed() {
    var healthy =
        new TunnelVerdicts(
            new TreeMap<>(Map.of("n1", verdict(Tunnel.HEALTHY, null))),
            List.of(),
            Set.of(),
            Optional.empty());
    assertThat(TunnelsHealthy.of(Optional.of(healthy), false, true).message())
        .isEqualTo("packets pass between all of 1 nodes over IPv4; IPv6 is not measured");
    assertThat(TunnelsHealthy.of(Optional.of(healthy), false, false).message())
        .isEqualTo("packets pass between all of 1 nodes");
  }

  private static Integer mtu(StatusScenario life) {
    return Objects.requireNonNull(life.status().applied()).mtu();
  }

  /** Judges a node that is unknown for this cause beside a healthy one, and with this problem. */
  private static TunnelsHealthy unknown(ProblemReason cause, ProblemReason problem) {
    return TunnelsHealthy.of(
        Optional.of(
            new TunnelVerdicts(
                new TreeMap<>(
                    Map.of(
                        "n1", verdict(Tunnel.UNKNOWN, cause), "n2", verdict(Tunnel.HEALTHY, null))),
                List.of(new TunnelIssue(problem, List.of(new At("n2", Optional.empty())), "")),
                Set.of(),
                Optional.empty())),
        false,
        false);
  }

  private static TunnelVerdict verdict(Tunnel tunnel, ProblemReason cause) {
    return new TunnelVerdict(
        tunnel,
        Optional.ofNullable(cause),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  private static StatusScenario life() {
    return new StatusScenario(IPIP).nodes(StatusScenario.ipipNode(1), StatusScenario.ipipNode(2));
  }

  private static Map<String, AgentReport> reports(PathState state, int mtu1, int mtu2) {
    return Map.of("n1", report("n2", state, mtu1), "n2", report("n1", state, mtu2));
  }

  private static AgentReport report(String peer, PathState state, int mtu) {
    return new AgentReport.Received(
        Duration.ZERO,
        Optional.empty(),
        Optional.empty(),
        false,
        Optional.of(new Device("flannel.ipip", "ipip", true, mtu, null)),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        List.of(),
        List.of(
            new AgentReport.Path(
                peer,
                Optional.empty(),
                state,
                Duration.ofMinutes(5),
                true,
                Optional.of(0),
                Optional.of(400),
                Optional.of(900),
                Optional.empty())));
  }
}

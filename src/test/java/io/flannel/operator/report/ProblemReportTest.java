package io.flannel.operator.report;

import static io.flannel.operator.flannel.Networks.unmeasured;
import static io.flannel.operator.flannel.Nodes.node;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.FlannelNetworkStatus.NodeStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Problem;
import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.decide.health.TunnelIssue;
import io.flannel.operator.decide.health.TunnelIssue.At;
import io.flannel.operator.decide.health.TunnelIssue.Between;
import io.flannel.operator.decide.health.TunnelIssue.OneWay;
import io.flannel.operator.decide.health.TunnelIssue.Place;
import io.flannel.operator.decide.health.TunnelVerdict;
import io.flannel.operator.decide.health.TunnelVerdicts;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.problem.LeaseProblem;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.decide.problem.ProblemReason;
import io.flannel.operator.decide.problem.TunnelProblem;
import io.flannel.operator.flannel.BackendIpip;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.DesiredNetwork;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How problems and nodes are named and sorted. */
class ProblemReportTest {
  private static final DesiredNetwork IPIP = unmeasured("ipip", "10.244.0.0/16");
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");

  @ParameterizedTest
  @CsvSource({"5, ''", "6, ' and 1 more pairs'"})
  void fivePairsAreNamed(int pairs, String more) {
    List<Place> places =
        IntStream.rangeClosed(1, pairs).<Place>mapToObj(i -> new Between("a", "n" + i)).toList();
    assertThat(problem(TunnelProblem.PACKET_LOSS, places, "").message())
        .isEqualTo(
            "between a and n1, between a and n2, between a and n3, between a and n4, between a and"
                + " n5"
                + more
                + ": a part of the packets is lost in the tunnel");
  }

  @Test
  void nodesPairsAndWhatAnAgentSawAreToldTogether() {
    assertThat(
            problem(
                TunnelProblem.PACKET_LOSS,
                List.of(new At("n1", Optional.empty()), new OneWay("n3", "n2")),
                "x".repeat(257)))
        .isEqualTo(
            new Problem(
                "PacketLoss",
                "node n1 loses a part of the packets in its tunnels; from n3 to n2: a part of the"
                    + " packets is lost in the tunnel; n1 says: "
                    + "x".repeat(255)
                    + "…",
                List.of("n1", "n2", "n3"),
                "2026-11-23T10:00:00Z",
                TunnelProblem.PACKET_LOSS.remedy()));
  }

  @Test
  void aProblemLastsSinceItWasFirstTold() {
    Problem other = new Problem("AgentSilent", "", List.of(), "2026-11-23T08:00:00Z", null);
    Problem same = new Problem("PacketLoss", "", List.of(), "2026-11-23T09:00:00Z", null);
    List<TunnelIssue> loss =
        List.of(
            new TunnelIssue(
                TunnelProblem.PACKET_LOSS, List.of(new At("n2", Optional.empty())), ""));
    assertThat(
            new ProblemReport(List.of(other, same), NOW)
                .of(List.of(), false, loss, new BackendIpip(false)))
        .extracting(Problem::since)
        .containsExactly("2026-11-23T09:00:00Z");
    assertThat(
            new ProblemReport(List.of(other), NOW)
                .of(List.of(), false, loss, new BackendIpip(false)))
        .extracting(Problem::since)
        .containsExactly("2026-11-23T10:00:00Z");
  }

  @Test
  void theGraverCauseComesFirst() {
    assertThat(
            new ProblemReport(List.of(), NOW)
                .of(
                    List.of(lease("n1", LeaseProblem.NO_POD_CIDR)),
                    false,
                    Stream.of(
                            TunnelProblem.PACKET_LOSS,
                            NodeFault.CHECKS_FAILED,
                            NodeFault.DEVICE_MISSING)
                        .map(
                            cause ->
                                new TunnelIssue(cause, List.of(new At("n2", Optional.empty())), ""))
                        .toList(),
                    new BackendIpip(false)))
        .extracting(Problem::reason)
        .containsExactly("NoPodCIDR", "DeviceMissing", "ChecksFailed", "PacketLoss");
  }

  @Test
  void worstNodesComeFirstThenByCauseAndName() {
    TreeMap<String, TunnelVerdict> verdicts = new TreeMap<>();
    verdicts.put("n1", verdict(Tunnel.HEALTHY, null));
    verdicts.put("n2", verdict(Tunnel.UNKNOWN, null));
    verdicts.put("n3", verdict(Tunnel.UNKNOWN, TunnelProblem.NOT_REPORTED));
    verdicts.put("n4", verdict(Tunnel.DEGRADED, TunnelProblem.PACKET_LOSS));
    verdicts.put("n5", verdict(Tunnel.DEGRADED, NodeFault.ROUTE_MISSING));
    verdicts.put("n6", verdict(Tunnel.DOWN, TunnelProblem.NODE_UNREACHABLE));
    assertThat(
            NodeReport.ofThese(
                IPIP,
                verdicts.keySet().stream().map(name -> lease(name, null)).toList(),
                Optional.of(new TunnelVerdicts(verdicts, List.of(), Set.of(), Optional.empty())),
                NOW))
        .extracting(NodeStatus::name)
        .containsExactly("n6", "n5", "n4", "n3", "n2", "n1");
  }

  @ParameterizedTest
  @CsvSource({"500, ", "501, 1"})
  void asManyNodesAreListedAsTheStatusHasRoomFor(int size, Integer omitted) {
    List<ClusterNode> nodes =
        IntStream.range(0, size)
            .mapToObj(
                i ->
                    node("n%03d".formatted(i))
                        .podCidr("10.244.%d.%d/28".formatted(i / 16, i % 16 * 16))
                        .leased("ipip", "192.168.%d.%d".formatted(i / 250, i % 250 + 1))
                        .get())
            .toList();
    StatusScenario life = new StatusScenario(IPIP).nodes(nodes).runs(IPIP, size);
    life.report();
    assertThat(life.status().nodes()).hasSize(500);
    assertThat(life.status().nodesOmitted()).isEqualTo(omitted);
  }

  private static Problem problem(ProblemReason cause, List<Place> places, String seen) {
    return new ProblemReport(List.of(), NOW)
        .of(List.of(), false, List.of(new TunnelIssue(cause, places, seen)), new BackendIpip(false))
        .getFirst();
  }

  private static NodeLease lease(String name, LeaseProblem problem) {
    return new NodeLease(node(name).get(), Optional.empty(), Optional.ofNullable(problem));
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
}

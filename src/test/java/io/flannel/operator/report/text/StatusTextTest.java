package io.flannel.operator.report.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Adoption;
import io.flannel.operator.api.FlannelNetworkStatus.Applied;
import io.flannel.operator.api.FlannelNetworkStatus.Change;
import io.flannel.operator.api.FlannelNetworkStatus.NodeStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Problem;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.api.FlannelNetworkStatus.Summary;
import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.api.StatusCondition;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.report.view.NetworkView;
import io.flannel.operator.report.view.Replica;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What of a status is told, and how, where only a part of it is known. */
class StatusTextTest {
  private static final Instant NOW = Instant.parse("2026-11-26T10:00:00Z");
  private static final Rollout NO_ROLLOUT = null;
  private static final Applied NOTHING_APPLIED = null;

  @Test
  void whatIsNotKnownIsNotTold() {
    assertThat(text(status(NOTHING_APPLIED, NO_ROLLOUT, null)))
        .isEqualTo(
            """
            Network   default
            Problems  none
            """);
  }

  @Test
  void whatRunsIsToldAsFarAsItCanBeRead() {
    assertThat(text(status(new Applied(null, null, null, null, null, "h", null), null, null)))
        .contains("Running   nothing that can be read\n");
    assertThat(
            text(
                status(
                    new Applied(
                        BackendType.VXLAN,
                        false,
                        "10.244.0.0/16",
                        "fd00:10:244::/56",
                        null,
                        "h",
                        null),
                    null,
                    null)))
        .contains("Running   vxlan, 10.244.0.0/16, fd00:10:244::/56\n");
  }

  @Test
  void nodesAreCountedWithoutTheStatesThatNoneIsIn() {
    assertThat(text(status(null, null, new Summary(3, 2, 0, 0, 0, 1))))
        .contains("Nodes     3 in all, 2 leased, 0 healthy, 1 not measured\n");
    assertThat(text(status(null, null, new Summary(null, null, null, 1, 1, null))))
        .contains("Nodes     0 in all, 0 leased, 1 degraded, 1 down\n");
  }

  @Test
  void aRolloutUnderWaySaysHowFarItIsAndWhatItWaitsFor() {
    assertThat(
            text(
                status(
                    null,
                    new Rollout(
                        Rollout.Phase.PROGRESSING,
                        1,
                        3,
                        "a",
                        "b",
                        null,
                        null,
                        "2026-11-26T10:05:00Z",
                        "node2 waits"),
                    null)))
        .contains(
            "Rollout   Progressing, 1 of 3 nodes, through at about 2026-11-26T10:05:00Z:\n"
                + "          node2 waits\n");
    assertThat(
            text(
                status(
                    null,
                    new Rollout(
                        Rollout.Phase.PAUSED, null, null, null, null, null, null, null, null),
                    null)))
        .contains("Rollout   Paused, 0 of 0 nodes\n");
    assertThat(
            text(status(null, new Rollout(null, 1, 1, null, null, null, null, null, "odd"), null)))
        .doesNotContain("Rollout");
  }

  @Test
  void aChangeAndAnAdoptionAreToldWithTheirMessages() {
    assertThat(
            text(
                with(
                    new Change(Change.Impact.REFUSED, List.of(), "it overlaps"),
                    new Adoption("a/b", Adoption.Stage.PAUSED, "it has left n1", null, null, null),
                    null)))
        .contains("Change    Refused: it overlaps\n")
        .contains("Adoption  Paused, of a/b: it has left n1\n");
    assertThat(
            text(
                with(
                    new Change(Change.Impact.LIVE, List.of(), null),
                    new Adoption("a/b", Adoption.Stage.REFUSED, null, null, null, null),
                    null)))
        .contains("Change    Live\n")
        .contains("Adoption  Refused, of a/b\n");
    assertThat(
            text(
                with(
                    new Change(null, List.of(), "odd"),
                    new Adoption("a/b", null, "odd", null, null, null),
                    null)))
        .doesNotContain("Change", "Adoption");
  }

  @Test
  void aProblemOfNoNodeIsToldByItsReason() {
    assertThat(text(with(null, null, new Problem("PacketLoss", "some", null, null, null))))
        .contains("Problems  PacketLoss\n");
  }

  @Test
  void aNetworkThatIsBeingDeletedIsNotWell() {
    FlannelNetworkStatus ready =
        status(
            List.of(
                new StatusCondition(
                    "Ready", StatusCondition.Status.TRUE, "Fine", "all is well", null, 1L)));
    assertThat(StatusText.of(view(ready, false), NOW).well()).isTrue();
    assertThat(StatusText.of(view(ready, false), NOW).text())
        .contains("Ready     True, Fine: all is well\n");
    TextOutput deleted = StatusText.of(view(ready, true), NOW);
    assertThat(deleted.text()).startsWith("Network   default, being deleted\n");
    assertThat(deleted.well()).isFalse();
  }

  @Test
  void aNetworkThatNobodyLookedAtHasTheDefaultOfTheSchema() {
    FlannelNetworkStatus zero =
        new FlannelNetworkStatus(0L, null, null, null, null, null, null, null, null, null);
    assertThat(StatusText.of(view(zero, false), NOW).text())
        .contains("has not looked at this network yet");
  }

  @Test
  void aNodeWithIpv6AloneHasItsSubnetInTheSameColumn() {
    NodeStatus node =
        new NodeStatus(
            "n1",
            true,
            null,
            "fd00:10:244:1::/64",
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null);
    assertThat(NodeText.of(view(node), false, NOW).text().lines())
        .containsExactly(
            "NODE   TUNNEL   REASON   FOR   SUBNET               PUBLIC-IP   PEERS   RTT-P50",
            "n1     -        -        -     fd00:10:244:1::/64   -           -       -");
  }

  @Test
  void theWideTableHasAllThatIsKnownOfANode() {
    NodeStatus leased =
        new NodeStatus(
            "n1",
            true,
            "10.244.1.0/24",
            "fd00:10:244:1::/64",
            "192.168.0.81",
            "vxlan",
            "flannel.1",
            1450,
            Tunnel.HEALTHY,
            null,
            "0.4ms",
            "0.9ms",
            "2/2",
            null);
    NodeStatus free =
        new NodeStatus(
            "n2",
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            "NoPodCIDR",
            null,
            null,
            null,
            "2026-11-26T09:59:00Z");
    assertThat(NodeText.of(view(leased, free), true, NOW).text().lines().map(StatusTextTest::cells))
        .containsExactly(
            "NODE TUNNEL REASON FOR LEASED SUBNET IPV6-SUBNET PUBLIC-IP BACKEND DEVICE MTU PEERS"
                + " RTT-P50 RTT-P99",
            "n1 Healthy - - yes 10.244.1.0/24 fd00:10:244:1::/64 192.168.0.81 vxlan flannel.1 1450"
                + " 2/2 0.4ms 0.9ms",
            "n2 - NoPodCIDR 60s no - - - - - - - - -");
  }

  @Test
  void aBundleWithoutALeaderSaysSo() {
    assertThat(BundleText.of(new Replica("0.1.0", "a", Optional.empty()), List.of(), "25", NOW))
        .isEqualTo(
            """
            Operator  0.1.0
            Java      25
            Instance  a
            Leader    none
            Time      2026-11-26T10:00:00Z
            """);
  }

  private static String cells(String line) {
    return line.replaceAll(" +", " ");
  }

  private static String text(FlannelNetworkStatus status) {
    return StatusText.of(view(status, false), NOW).text();
  }

  private static FlannelNetworkStatus status(Applied applied, Rollout rollout, Summary summary) {
    return new FlannelNetworkStatus(
        1L, null, applied, null, rollout, summary, null, null, null, null);
  }

  private static FlannelNetworkStatus with(Change change, Adoption adoption, Problem problem) {
    return new FlannelNetworkStatus(
        1L,
        null,
        null,
        change,
        null,
        null,
        null,
        null,
        problem == null ? null : List.of(problem),
        adoption);
  }

  private static FlannelNetworkStatus status(List<StatusCondition> conditions) {
    return new FlannelNetworkStatus(1L, conditions, null, null, null, null, null, null, null, null);
  }

  private static NetworkView view(FlannelNetworkStatus status, boolean deleting) {
    return new NetworkView(
        "default",
        1,
        deleting,
        Networks.spec("{cidr: 10.244.0.0/16, backend: {type: ipip}}"),
        status,
        List.of(),
        null);
  }

  private static NetworkView view(NodeStatus... nodes) {
    return new NetworkView(
        "default",
        1,
        false,
        Networks.spec("{cidr: 10.244.0.0/16, backend: {type: ipip}}"),
        status(NOTHING_APPLIED, NO_ROLLOUT, null),
        List.of(nodes),
        null);
  }
}

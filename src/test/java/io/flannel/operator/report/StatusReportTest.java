package io.flannel.operator.report;

import static io.flannel.operator.flannel.Networks.unmeasured;
import static io.flannel.operator.flannel.Nodes.node;
import static io.flannel.operator.flannel.live.PodCountsBuilder.counts;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Applied;
import io.flannel.operator.api.FlannelNetworkStatus.NodeStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout.Phase;
import io.flannel.operator.api.FlannelNetworkStatus.Summary;
import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.api.RolloutBuilder;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.NetConf;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The whole status and its conditions. Tunnels are not measured here. */
class StatusReportTest {
  private static final DesiredNetwork IPIP = unmeasured("ipip", "10.244.0.0/16");
  private static final DesiredNetwork VXLAN = unmeasured("vxlan", "10.244.0.0/16");
  private static final Duration MINUTE = Duration.ofMinutes(1);

  @Test
  void theStatusOfARunningNetworkInFull() {
    StatusScenario life = StatusScenario.running(IPIP);
    assertThat(life.status().applied())
        .isEqualTo(
            new Applied(
                BackendType.IPIP, false, "10.244.0.0/16", null, null, hash(IPIP), "v0.28.10"));
    assertThat(life.status().rollout())
        .isEqualTo(
            RolloutBuilder.in(Phase.COMPLETE)
                .updated(2)
                .total(2)
                .to(hash(IPIP))
                .startedAt("2026-11-23T10:00:00Z")
                .progressedAt("2026-11-23T10:00:00Z")
                .message("every node runs the present configuration")
                .get());
    assertThat(life.status().summary()).isEqualTo(new Summary(2, 2, null, null, null, 2));
    assertThat(life.status().nodes())
        .first()
        .isEqualTo(
            new NodeStatus(
                "n1",
                true,
                "10.244.1.0/24",
                null,
                "192.168.0.1",
                "ipip",
                "flannel.ipip",
                null,
                Tunnel.UNKNOWN,
                null,
                null,
                null,
                null,
                null));
    assertThat(life.status().nodesOmitted()).isNull();
    assertThat(life.status().problems()).isNullOrEmpty();
  }

  @Test
  void statusIsNotWrittenWhereNothingHappens() {
    StatusScenario life = StatusScenario.running(IPIP);
    FlannelNetworkStatus before = life.status();
    life.after(Duration.ofDays(30));
    assertThat(life.next()).isEqualTo(before);
  }

  @Test
  void timesAreInSeconds() {
    StatusScenario life = new StatusScenario(IPIP).after(Duration.ofMillis(1234));
    life.report();
    assertThat(life.condition("Accepted").lastTransitionTime()).isEqualTo("2026-11-23T10:00:01Z");
  }

  @Test
  void aTransitionTimeChangesWithTheStatusAndNotWithTheWords() {
    StatusScenario life = StatusScenario.running(IPIP);
    life.after(MINUTE).wants(VXLAN).runs(VXLAN, counts(2).updated(0).get()).report();
    assertThat(life.condition("Accepted").lastTransitionTime()).isEqualTo("2026-11-23T10:00:00Z");
    assertThat(life.condition("Accepted").observedGeneration()).isEqualTo(2L);
    assertThat(life.condition("Ready").lastTransitionTime()).isEqualTo("2026-11-23T10:01:00Z");
    assertThat(life.condition("Reconciling").lastTransitionTime())
        .isEqualTo("2026-11-23T10:01:00Z");

    life.after(MINUTE).runs(VXLAN, counts(2).updated(1).get()).report();
    assertThat(life.condition("Reconciling").message()).startsWith("1 of 2 ");
    assertThat(life.condition("Reconciling").lastTransitionTime())
        .isEqualTo("2026-11-23T10:01:00Z");
  }

  @Test
  void aRefusedChangeLeavesWhatRunsAsItIs() {
    StatusScenario life = StatusScenario.running(IPIP);
    life.after(MINUTE).wants(unmeasured("vxlan", "10.245.0.0/16"));
    assertThat(life.report()).containsExactly("Warning PodCIDROutside", "Warning NotReady");
    assertThat(life.says()).isEqualTo("Stalled: NotAccepted");
    assertThat(life.kstatus()).isEqualTo("Failed");
    assertThat(life.condition("Accepted").message())
        .isEqualTo(
            "the podCIDRs of nodes n1 and n2 are not in 10.245.0.0/16 (n1 has 10.244.1.0/24):"
                + " flannel would exit there; what to do: set cidr and ipv6CIDR to the"
                + " controller-manager's --cluster-cidr, which the podCIDRs are taken from");
    assertThat(life.status().applied())
        .extracting(Applied::backend, Applied::cidr)
        .containsExactly(BackendType.IPIP, "10.244.0.0/16");
    assertThat(life.status().summary()).extracting(Summary::leased).isEqualTo(2);
    assertThat(life.status().problems()).isNullOrEmpty();

    life.after(MINUTE).wants(IPIP);
    assertThat(life.report()).containsExactly("Normal Accepted", "Normal Ready");
  }

  @Test
  void anotherCauseOfRefusalIsToldToo() {
    StatusScenario life = StatusScenario.running(IPIP);
    life.after(MINUTE).wants(unmeasured("ipip", "10.0.0.0/8")).services("10.96.0.0/12");
    assertThat(life.report()).containsExactly("Warning OverlapsServiceRange", "Warning NotReady");
    life.wants(unmeasured("ipip", "10.245.0.0/16"));
    assertThat(life.report()).containsExactly("Warning PodCIDROutside");
    assertThat(life.report()).isEmpty();
  }

  @Test
  void aNetworkThatHasNoPartSaysOnlyWhy() {
    var refuse = new Decision.Refuse("AnotherNetworkInCharge", "'a' is older", "delete one");
    StatusScenario life = StatusScenario.running(IPIP);
    FlannelNetworkStatus status =
        StatusReport.refused(7, Optional.of(life.status()), refuse, life.after(MINUTE).clock());

    assertThat(StatusScenario.says(status)).isEqualTo("Stalled: NotAccepted");
    assertThat(StatusScenario.condition(status, "Accepted"))
        .extracting("reason", "message", "lastTransitionTime", "observedGeneration")
        .containsExactly(
            "AnotherNetworkInCharge",
            "'a' is older; what to do: delete one",
            "2026-11-23T10:01:00Z",
            7L);
    assertThat(status)
        .isEqualTo(
            new FlannelNetworkStatus(
                7L, status.conditions(), null, null, null, null, null, null, null, null));
    assertThat(StatusReport.refused(7, Optional.of(status), refuse, life.after(MINUTE).clock()))
        .isEqualTo(status);
  }

  @Test
  void failedWriteIsSaidAndTriedAgain() {
    StatusScenario life = StatusScenario.running(IPIP);
    life.after(MINUTE).wants(VXLAN).applyFails("DaemonSet a/b could not be written: no");
    assertThat(life.report()).containsExactly("Warning NotReady");
    assertThat(life.says()).isEqualTo("Accepted Reconciling: ApplyFailed");
    assertThat(life.condition("Ready").message())
        .isEqualTo("DaemonSet a/b could not be written: no");
    assertThat(life.report()).isEmpty();
  }

  @Test
  void anEndlessErrorIsCutToWhatTheSchemaTakes() {
    StatusScenario life = new StatusScenario(IPIP).applyFails("x".repeat(10_000));
    life.report();
    assertThat(life.condition("Ready").message()).hasSize(4096).endsWith("x…");
  }

  @Test
  void aPausedChangeWaits() {
    StatusScenario life = StatusScenario.running(IPIP);
    life.after(MINUTE).wants(VXLAN).paused(true);
    assertThat(life.report()).containsExactly("Warning NotReady");
    assertThat(life.says()).isEqualTo("Accepted: Paused");
    assertThat(life.status().problems()).describedAs("ipip still runs, and well").isNullOrEmpty();
    assertThat(life.status().summary()).extracting(Summary::leased).isEqualTo(2);
    life.paused(false).runs(VXLAN, counts(2).updated(0).get());
    assertThat(life.report()).containsExactly("Normal RolloutStarted");
  }

  @Test
  void aNetworkWithoutNodesIsNotReady() {
    StatusScenario life =
        new StatusScenario(IPIP)
            .nodes(node("w").label("kubernetes.io/os", "windows"))
            .runs(IPIP, 0);
    life.report();
    assertThat(life.says()).isEqualTo("Accepted: NoNodes");
  }

  private static Rollout rollout(StatusScenario life) {
    return Objects.requireNonNull(life.status().rollout());
  }

  private static String hash(DesiredNetwork network) {
    return NetConf.of(network).hash();
  }
}

package io.flannel.operator.report;

import static io.flannel.operator.flannel.Networks.unmeasured;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout.Phase;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.NetConf;
import io.flannel.operator.flannel.live.FlannelPod;
import io.flannel.operator.flannel.live.FlannelPods;
import io.flannel.operator.flannel.live.LiveFlannel.PodCounts;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What is said of a change that failed, and of nodes that a rollout waits for or does without. */
class RollbackReportTest {
  private static final DesiredNetwork IPIP = unmeasured("ipip", "10.244.0.0/16");
  private static final DesiredNetwork VXLAN = unmeasured("vxlan", "10.244.0.0/16");

  @Test
  void aChangeThatFailedIsToldUntilThePersonActs() {
    StatusScenario life = StatusScenario.running(IPIP);
    life.after(Duration.ofMinutes(1)).wants(VXLAN);
    life.goesBack(IPIP, new PodCounts(true, 2, 2, 1, 2), "n1 waits").report();
    assertThat(rollout(life).phase()).isEqualTo(Phase.ROLLING_BACK);
    assertThat(rollout(life).message())
        .isEqualTo(
            "the change failed and was rolled back: n1 waits; 1 of 2 nodes run the configuration"
                + " before");
    assertThat(life.says()).isEqualTo("Accepted Reconciling: RollingBack");

    life.goesBack(IPIP, new PodCounts(true, 2, 2, 2, 2), "n1 waits").report();
    assertThat(rollout(life).phase()).isEqualTo(Phase.ROLLED_BACK);
    assertThat(rollout(life).message())
        .isEqualTo(
            "the change failed and was rolled back: n1 waits; every node runs the configuration"
                + " before. Mend that and change the spec, or try the same again: kubectl annotate"
                + " fnet default flannel.io/retry=\"$(date)\" --overwrite");
    assertThat(life.says()).isEqualTo("Accepted Stalled: RolledBack");
  }

  @Test
  void aNodeThatIsOffIsNamedWhereTheRolloutDoesWithoutIt() {
    StatusScenario life =
        new StatusScenario(IPIP)
            .nodes(StatusScenario.ipipNode(1), StatusScenario.ipipNode(2).lost())
            .runs(IPIP, new PodCounts(true, 2, 2, 2, 1));
    life.pods(new FlannelPods(List.of(pod("n1", true)), Map.of())).report();
    assertThat(rollout(life).phase()).isEqualTo(Phase.COMPLETE);
    assertThat(rollout(life).message())
        .isEqualTo(
            "every node but node n2, where flannel can't run now and which will when it can, runs"
                + " the present configuration");
  }

  @Test
  void theFirstNodeThatARolloutWaitsForIsNamed() {
    StatusScenario life =
        new StatusScenario(IPIP)
            .nodes(StatusScenario.ipipNode(1), StatusScenario.ipipNode(2))
            .runs(IPIP, new PodCounts(true, 2, 2, 2, 0));
    life.pods(new FlannelPods(List.of(pod("n1", false), pod("n2", false)), Map.of())).report();
    assertThat(rollout(life).message())
        .isEqualTo(
            "0 of 2 nodes run the present configuration; n1 waits: its flannel pod is not running");
  }

  private static FlannelPod pod(String node, boolean done) {
    return new FlannelPod(
        "pod-" + node,
        node,
        "",
        NetConf.of(IPIP).hash(),
        done ? Optional.of(StatusScenario.BEGIN) : Optional.empty(),
        done);
  }

  private static Rollout rollout(StatusScenario life) {
    return Objects.requireNonNull(life.status().rollout());
  }
}

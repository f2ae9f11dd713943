package io.flannel.operator.report;

import static io.flannel.operator.decide.Clusters.cluster;
import static io.flannel.operator.flannel.Nodes.node;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.Bounds;
import io.flannel.operator.api.FlannelNetworkStatus.Adoption;
import io.flannel.operator.api.FlannelNetworkStatus.Adoption.Stage;
import io.flannel.operator.api.FlannelNetworkStatus.Difference;
import io.flannel.operator.decide.Clusters;
import io.flannel.operator.decide.observation.Observation;
import io.flannel.operator.decide.plan.ObservedTasks;
import io.flannel.operator.decide.plan.Planner;
import io.flannel.operator.decide.rollout.RolloutState;
import io.flannel.operator.flannel.Installs;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.flannel.foreign.ForeignFlannel;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What is said of the flannel that was there before. */
class AdoptionReportTest {
  private static final String EQUAL =
      "{cidr: 10.244.0.0/16, backend: {type: vxlan}, cni: {version: 0.3.1}}";

  private static final String OTHER_MTU =
      "{cidr: 10.244.0.0/16, backend: {type: vxlan}, cni: {version: 0.3.1}, mtu: 1400}";

  private static final ForeignFlannel FOUND = Installs.found("manifest-v0.28");

  @Test
  void withoutAnotherFlannelThereIsNothingToSay() {
    assertThat(report(EQUAL, fresh(), false, List.of())).isEmpty();
  }

  @Test
  void anEqualOneIsTakenOver() {
    assertThat(report(EQUAL, fresh().foreign(FOUND), false, List.of()))
        .contains(
            new Adoption(
                "kube-flannel/kube-flannel-ds",
                Stage.TAKING_OVER,
                "it is equal in effect and is taken over",
                null,
                null,
                null));
    assertThat(report(EQUAL, fresh().foreign(FOUND), true, List.of()))
        .get()
        .extracting(Adoption::phase)
        .isEqualTo(Stage.PAUSED);
  }

  @Test
  void theNodesThatItHasLeftAreNamed() {
    ForeignFlannel leaving =
        new ForeignFlannel(
            FOUND.namespace(),
            FOUND.serviceAccount(),
            FOUND.spec(),
            List.of(),
            Optional.of("default"),
            Set.of("n1"),
            FOUND.pods());
    assertThat(report(EQUAL, fresh().foreign(leaving), false, List.of()))
        .get()
        .extracting(Adoption::message)
        .isEqualTo("it has left node n1");
  }

  @Test
  void oneThatDiffersIsLeftAndTheManifestThatAdoptsItIsShown() {
    assertThat(report(OTHER_MTU, fresh().foreign(FOUND), false, List.of()))
        .contains(
            new Adoption(
                "kube-flannel/kube-flannel-ds",
                Stage.REFUSED,
                "it is left as it is: AdoptionDiffers",
                List.of(new Difference("mtu", null, "1400")),
                null,
                "a manifest"));
  }

  @Test
  void aManifestThatTheSchemaRejectsIsNotShown() {
    assertThat(matching("m".repeat(Bounds.MANIFEST))).hasSize(Bounds.MANIFEST);
    assertThat(matching("m".repeat(Bounds.MANIFEST + 1))).isNull();
  }

  @Test
  void whatNoSpecExpressesIsListed() {
    ForeignFlannel unusual = Installs.withNetConf("manifest-v0.28", "no JSON");
    assertThat(report(EQUAL, fresh().foreign(unusual), false, List.of()))
        .get()
        .satisfies(
            adoption -> {
              assertThat(adoption.phase()).isEqualTo(Stage.REFUSED);
              assertThat(adoption.message()).isEqualTo("it is left as it is: AdoptionUnsupported");
              assertThat(adoption.unsupported()).isEqualTo(unusual.unsupported()).isNotEmpty();
              assertThat(adoption.matching()).isNull();
            });
  }

  @Test
  void ofSeveralTheFirstIsShownWhileTheyAreTheCauseOfARefusal() {
    Clusters several =
        fresh()
            .foreign(Installs.found("ipip-in-kube-system"))
            .foreign(Installs.found("manifest-v0.28"));
    assertThat(report(EQUAL, several, false, List.of()))
        .get()
        .extracting(Adoption::daemonSet, Adoption::message)
        .containsExactly("kube-system/kube-flannel-ds", "it is left as it is: ForeignFlannel");
  }

  @Test
  void oneBesideANetworkInForceIsNotBeingAdopted() {
    Clusters beside =
        leased().running(Networks.wanted(EQUAL)).foreign(Installs.found("ipip-in-kube-system"));
    assertThat(report(EQUAL, beside, false, List.of())).isEmpty();
  }

  @Test
  void whatIsLeftOfItIsNamedUntilItIsRemoved() {
    Clusters running = leased().running(Networks.wanted(EQUAL));
    String message =
        "taken over; removed when every node runs the present configuration: ConfigMap"
            + " kube-flannel-cfg";
    List<String> leftOver = List.of("ConfigMap kube-flannel-cfg");
    assertThat(report(EQUAL, running, false, leftOver))
        .contains(new Adoption(null, Stage.TAKING_OVER, message, null, null, null));
    assertThat(report(EQUAL, running, true, leftOver))
        .contains(new Adoption(null, Stage.PAUSED, message, null, null, null));
  }

  private static String matching(String manifest) {
    return report(OTHER_MTU, fresh().foreign(FOUND), false, List.of(), manifest)
        .orElseThrow()
        .matching();
  }

  private static Clusters fresh() {
    return cluster(node("n1").podCidr("10.244.1.0/24"), node("n2").podCidr("10.244.2.0/24"));
  }

  private static Clusters leased() {
    return cluster(node("n1").podCidr("10.244.1.0/24").leased("vxlan", "192.168.0.81"));
  }

  private static Optional<Adoption> report(
      String spec, Clusters cluster, boolean paused, List<String> leftOver) {
    return report(spec, cluster, paused, leftOver, "a manifest");
  }

  private static Optional<Adoption> report(
      String spec, Clusters cluster, boolean paused, List<String> leftOver, String manifest) {
    Observation seen =
        Observation.of(
            Networks.wanted(spec),
            cluster.state(),
            Map.of(),
            Optional.empty(),
            Instant.parse("2026-11-30T10:00:00Z"));
    return AdoptionReport.of(
        seen,
        Planner.plan(
            seen,
            new ObservedTasks(List.of(), List.of(), List.of(), Map.of()),
            new Planner.Request("uid", new RolloutState.Target("new", ""), paused)),
        leftOver,
        found -> Optional.of(manifest));
  }
}

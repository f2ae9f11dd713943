package io.flannel.operator.report;

import static io.flannel.operator.flannel.Networks.unmeasured;
import static io.flannel.operator.flannel.Networks.wanted;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.FlannelNetworkStatus.Change;
import io.flannel.operator.api.FlannelNetworkStatus.Change.Impact;
import io.flannel.operator.api.FlannelNetworkStatus.Difference;
import io.flannel.operator.flannel.DesiredNetwork;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the status says of a change before it is carried out. */
class ChangeReportTest {
  private static final DesiredNetwork IPIP = unmeasured("ipip", "10.244.0.0/16");

  private static final String WIREGUARD =
      "{cidr: 10.244.0.0/16, backend: {type: wireguard}, health: {enabled: false}%s}";

  @Test
  void whatRunsAsTheSpecSaysIsNoChange() {
    assertThat(change(IPIP)).isNull();
  }

  @Test
  void aChangeThatCutsNothingIsLive() {
    assertThat(change(unmeasured("vxlan", "10.244.0.0/16")))
        .satisfies(
            change -> {
              assertThat(change.impact()).isEqualTo(Impact.LIVE);
              assertThat(change.differences())
                  .isEqualTo(List.of(new Difference("backend.type", "ipip", "vxlan")));
              assertThat(change.message())
                  .startsWith("the change of backend.type: ipip -> vxlan cuts nothing");
            });
  }

  @Test
  void aChangeThatCutsTrafficSaysWhetherItIsAllowed() {
    assertThat(change(wanted(WIREGUARD.formatted(""))))
        .satisfies(
            change -> {
              assertThat(change.impact()).isEqualTo(Impact.DISRUPTIVE);
              assertThat(change.message())
                  .endsWith(". It is carried out only with spec.rollout.disruption: Allow");
            });
    assertThat(change(wanted(WIREGUARD.formatted(", rollout: {disruption: Allow}"))))
        .satisfies(
            change -> {
              assertThat(change.impact()).isEqualTo(Impact.DISRUPTIVE);
              assertThat(change.message()).endsWith(". spec.rollout.disruption allows it");
            });
  }

  @Test
  void aChangeThatIsRefusedSaysWhatToDo() {
    assertThat(change(unmeasured("ipip", "10.245.0.0/16")))
        .satisfies(
            change -> {
              assertThat(change.impact()).isEqualTo(Impact.REFUSED);
              assertThat(change.message()).contains("; what to do: set cidr and ipv6CIDR to");
            });
  }

  private static Change change(DesiredNetwork network) {
    StatusScenario life = StatusScenario.running(IPIP).wants(network);
    life.report();
    return life.status().change();
  }
}

package io.flannel.operator.decide.nodespec;

import static io.flannel.operator.flannel.Nodes.node;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.Clusters;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.flannel.live.AppliedConfig;
import io.flannel.operator.flannel.live.LiveFlannel;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an agent is told of a configuration that somebody else may have written. */
class NodeSpecBoundsTest {
  @ParameterizedTest
  @CsvSource({"575, ", "576, 576", "65455, 65455", "65456, "})
  void anMtuThatNoDeviceCanHaveIsNotTold(int written, Integer told) {
    assertThat(
            spec(
                    "{\"Type\": \"host-gw\"}",
                    "{\"plugins\": [{\"delegate\": {\"mtu\": %d}}]}",
                    written)
                .mtu())
        .isEqualTo(told);
  }

  @ParameterizedTest
  @CsvSource({"1, flannel.1, true", "16777215, , true", "16777216, , false"})
  void aVniThatNoDeviceCanHaveIsNotTold(int vni, String device, boolean told) {
    FlannelNodeSpec spec = spec("{\"Type\": \"vxlan\", \"VNI\": %d}".formatted(vni), "%s", 0);
    assertThat(spec.vxlan() != null).isEqualTo(told);
    assertThat(spec.device()).isEqualTo(device);
  }

  @ParameterizedTest
  @CsvSource({"1, true", "65535, true", "65536, false", "-1, false"})
  void aPortThatNoDeviceCanHaveIsNotTold(int port, boolean told) {
    assertThat(spec("{\"Type\": \"vxlan\", \"Port\": %d}".formatted(port), "%s", 0).vxlan() != null)
        .isEqualTo(told);
  }

  @ParameterizedTest
  @CsvSource({"2s, 2s", "1500ms, 1500ms", "1m, 60s", "1.0009s, 1s"})
  void anIntervalIsToldInSecondsOrMilliseconds(String written, String told) {
    DesiredNetwork wanted =
        Networks.wanted(
            "{cidr: 10.244.0.0/16, backend: {type: host-gw}, health: {interval: %s}}"
                .formatted(written));
    ClusterState cluster = cluster().state();
    FlannelNodeSpec spec = spec(wanted, cluster);
    assertThat(Objects.requireNonNull(spec.probe()).interval()).isEqualTo(told);
  }

  /**
   * Returns the spec of a node.
   *
   * @param cniConf with a place for the MTU
   */
  private static FlannelNodeSpec spec(String backend, String cniConf, int mtu) {
    DesiredNetwork wanted = Networks.vxlan("10.244.0.0/16");
    LiveFlannel ours = Networks.live(wanted, 1);
    LiveFlannel live =
        new LiveFlannel(
            "others",
            AppliedConfig.read(
                "{\"Network\": \"10.244.0.0/16\", \"Backend\": %s}".formatted(backend),
                cniConf.formatted(mtu)),
            ours.template(),
            ours.pods(),
            ours.marks());
    return spec(wanted, cluster().live(live).state());
  }

  private static FlannelNodeSpec spec(DesiredNetwork wanted, ClusterState cluster) {
    return Objects.requireNonNull(
        NodeSpecs.of(wanted, cluster, NodeLease.judge(wanted, cluster), Map.of()).get("n1"));
  }

  private static Clusters cluster() {
    return Clusters.cluster(node("n1").podCidr("10.244.1.0/24").leased("vxlan", "192.168.0.81"));
  }
}

package io.flannel.operator.decide.change;

import static io.flannel.operator.decide.change.ChangeScenario.judge;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A change that leaves pods with a larger MTU than the network has. */
class PodMtuTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          backend: {type: host-gw} | backend: {type: ipip} | the node's NIC less 0: 1500 of 1500 -> the node's NIC less 20: 1480 of 1500
          backend: {type: ipip} | backend: {type: vxlan} | the node's NIC less 20: 1480 of 1500 -> the node's NIC less 50: 1450 of 1500
          backend: {type: vxlan} | backend: {type: wireguard} | -> the node's NIC less 80: 1420 of 1500
          backend: {type: vxlan} | backend: {type: ipip} |
          backend: {type: ipip}, mtu: 1450 | backend: {type: vxlan}, mtu: 1450 |
          backend: {type: ipip}, mtu: 1450 | backend: {type: vxlan} |
          backend: {type: ipip} | backend: {type: ipip}, mtu: 1450 | the node's NIC less 20: 1480 of 1500 -> 1450
          backend: {type: ipip} | backend: {type: vxlan}, mtu: 1480 |
          backend: {type: vxlan}, mtu: 1400 | backend: {type: vxlan}, mtu: 1300 | (1400 -> 1300)
          backend: {type: vxlan}, mtu: 1300 | backend: {type: vxlan}, mtu: 1400 |
          backend: {type: vxlan}, mtu: 8950 | backend: {type: vxlan} | (8950 -> the node's NIC less 50: 1450 of 1500, on nodes where that is less)
          """)
  void podsThatKeepALargerMtuAreToldBeforehand(String live, String next, String says) {
    String message = judge(live, next).message();
    if (says == null) {
      assertThat(message).doesNotContain("pods' MTU");
    } else {
      assertThat(message)
          .contains("pods' MTU becomes smaller", says, "Restart them", "set mtu", "beforehand");
    }
  }
}

package io.flannel.operator.decide.preflight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flannel.operator.flannel.Cidr;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a node accepts as the task of its pre-flight. */
class PreflightTaskTest {
  private static final String VXLAN =
      """
      {"backend": "vxlan", "port": 8472, "vni": 16777215, "overhead": 50, "directRouting": false,
       "nonce": "0123456789abcdef", "seconds": 30, "addresses": ["192.168.0.1", "fd00::1"],
       "peers": [{"name": "n2", "address": "192.168.0.2"}]}
      """;

  @Test
  void aTaskIsReadAsItWasWritten() {
    PreflightTask task = PreflightTask.parse(VXLAN);
    assertThat(PreflightTask.read(task.toJson())).contains(task);
    assertThat(task.address(Cidr.Family.IPV4)).contains("192.168.0.1");
    assertThat(task.address(Cidr.Family.IPV6)).contains("fd00::1");
    assertThat(task.port(Cidr.Family.IPV6)).isEqualTo(8472);
    PreflightTask wireguard = PreflightTask.parse(VXLAN.replace("vxlan", "wireguard"));
    assertThat(wireguard.port(Cidr.Family.IPV4)).isEqualTo(8472);
    assertThat(wireguard.port(Cidr.Family.IPV6)).isEqualTo(8473);
  }

  @ParameterizedTest
  @CsvSource({
    "8472, 1",
    "8472, 65535",
    "30, 1",
    "30, 600",
  })
  void theLastPossibleValuesAreAccepted(String before, String after) {
    assertThat(PreflightTask.read(VXLAN.replace(": " + before + ",", ": " + after + ",")))
        .isPresent();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '%',
      value = {
        "8472 | 0 | port: 0",
        "8472 | 65536 | port: 65536",
        "30, | 0, | seconds: 0",
        "30, | 601, | seconds: 601",
        "0123456789abcdef | 0123456789ABCDEF | nonce: '0123456789ABCDEF'",
        "vxlan | host-gw | backend HOST_GW encapsulates nothing",
        "vxlan | ipip | port: 8472",
        "192.168.0.1 | there | 'there' is no IP address",
        "192.168.0.2 | n2 | 'n2' is no IP address",
        "\"n2\" | \"\" | a peer has no name"
      })
  void anImpossibleTaskIsRefused(String before, String after, String why) {
    String task = VXLAN.replace(before, after);
    assertThat(PreflightTask.read(task)).isEmpty();
    assertThatThrownBy(() -> PreflightTask.parse(task))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("this is no task of a pre-flight: ")
        .hasMessageContaining(why);
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"addresses\": ", "\"peers\": "})
  void aTaskNeedsAddressesAndPeers(String key) {
    assertThat(PreflightTask.read(VXLAN.replaceFirst(key + "\\[[^]]*]", key + "null"))).isEmpty();
  }

  @Test
  void noTextIsNoTask() {
    assertThat(PreflightTask.read("null")).isEmpty();
    assertThat(PreflightTask.read("{")).isEmpty();
  }
}

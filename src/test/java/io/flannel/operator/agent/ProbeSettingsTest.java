package io.flannel.operator.agent;

import static io.flannel.operator.api.FlannelNodeSpecBuilder.nodeSpec;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.FlannelNodeSpec.Peer;
import io.flannel.operator.api.FlannelNodeSpec.Probe;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProbeSettingsTest {
  /**
   * An answer leaves by a device that an earlier backend left, though another address was asked.
   */
  @ParameterizedTest
  @CsvSource({
    "192.168.0.82, 10.244.2.1, 10.244.2.0/24, 10.244.2.0",
    "fd00:1::82, fd00:10:244:2::1, , fd00:10:244:2::",
    "fd00:1::82, fd00:10:244:2::, , fd00:10:244:2::"
  })
  void peerAnswersFromItsTunnelDeviceToo(String node, String overlay, String pods, String device) {
    Peer peer = new Peer("node2", node, overlay, pods, null, null);
    ProbeSettings.Target target = target(peer);
    assertThat(target.has(InetAddress.ofLiteral(device))).isTrue();
    assertThat(target.addresses())
        .contains(
            InetAddress.ofLiteral(node),
            InetAddress.ofLiteral(overlay),
            InetAddress.ofLiteral(device));
  }

  @Test
  void peerWithoutOverlayAddressAnswersFromItsNodeAddressAlone() {
    Peer peer = new Peer("node2", "fd00:1::82", null, null, null, null);
    assertThat(target(peer).addresses()).containsExactly(InetAddress.ofLiteral("fd00:1::82"));
  }

  private static ProbeSettings.Target target(Peer peer) {
    return Optional.of(
            nodeSpec(BackendType.HOST_GW)
                .ipv6Subnet("fd00:10:244:1::/64")
                .probe(new Probe("2s", 3, 8473))
                .peers(List.of(peer))
                .get())
        .flatMap(ProbeSettings::of)
        .orElseThrow()
        .peers()
        .getFirst();
  }
}

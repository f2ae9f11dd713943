package io.flannel.operator.flannel;

import static io.flannel.operator.flannel.Nodes.node;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.flannel.Backend.OptionChange;
import io.flannel.operator.flannel.Backend.Psk;
import io.flannel.operator.flannel.live.LiveFlannel.PodCounts;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What differs by backend, and what a node says of itself. */
class BackendTest {
  private static final Backend VXLAN = new BackendVxlan(1, 8472, false, false);

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      textBlock =
          """
          VXLAN | UDP port 8472 | UDP port 8472 | 8472 | 8472 | VXLAN, VNI 1
          IPIP | IP protocol 4 | IP protocol 4 (IP in IP) | - | - | -
          HOST_GW | - | - | - | - | -
          WIREGUARD | UDP port 51820 | UDP ports 51820 and 51821 | 51820 | 51821 | WireGuard, what follows is encrypted
          """)
  void aBackendSaysWhatItSends(
      BackendType type,
      String encapsulation,
      String hole,
      Integer ipv4,
      Integer ipv6,
      String header) {
    Backend backend = Backend.usual(type);
    assertThat(backend.encapsulation().map(Encapsulation::toString))
        .isEqualTo(Optional.ofNullable(encapsulation));
    assertThat(backend.firewallHole()).isEqualTo(Optional.ofNullable(hole));
    assertThat(backend.udpPort(Cidr.Family.IPV4)).isEqualTo(Optional.ofNullable(ipv4));
    assertThat(backend.udpPort(Cidr.Family.IPV6)).isEqualTo(Optional.ofNullable(ipv6));
    assertThat(backend.tunnelHeader()).isEqualTo(Optional.ofNullable(header));
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "VXLAN, flannel.1, flannel-v6.1, vxlan id 1 dstport 8472 nolearning",
        "IPIP, flannel.ipip, -, ipip",
        "HOST_GW, -, -, -",
        "WIREGUARD, flannel-wg, flannel-wg-v6, -"
      })
  void aBackendsDevicesHaveTheirNames(BackendType type, String ipv4, String ipv6, String link) {
    Backend backend = Backend.usual(type);
    assertThat(backend.device()).isEqualTo(Optional.ofNullable(ipv4));
    assertThat(backend.device(Cidr.Family.IPV6)).isEqualTo(Optional.ofNullable(ipv6));
    assertThat(backend.linkType()).isEqualTo(Optional.ofNullable(link));
    assertThat(backend.deviceNames().isPresent()).isEqualTo(ipv4 != null);
    backend
        .deviceNames()
        .ifPresent(
            names ->
                assertThat(backend.device())
                    .hasValueSatisfying(device -> assertThat(device).matches(names)));
    assertThat(backend.deviceKind()).isEqualTo(type.wireName());
  }

  @ParameterizedTest
  @CsvSource({
    "VXLAN, false, false, true, false, true, false, true",
    "IPIP, true, false, false, false, false, false, false",
    "HOST_GW, false, false, false, false, false, false, false",
    "WIREGUARD, false, true, true, true, false, true, false"
  })
  void aBackendHasItsTraits(
      BackendType type,
      boolean compete,
      boolean removes,
      boolean mtu,
      boolean encrypts,
      boolean ethernet,
      boolean wholeNetwork,
      boolean checksums) {
    Backend backend = Backend.usual(type);
    assertThat(backend.devicesCompete()).isEqualTo(compete);
    assertThat(backend.removesDeviceAtExit()).isEqualTo(removes);
    assertThat(backend.hasMtu()).isEqualTo(mtu);
    assertThat(backend.encrypts()).isEqualTo(encrypts);
    assertThat(backend.carriesEthernet()).isEqualTo(ethernet);
    assertThat(backend.routesWholeNetwork()).isEqualTo(wholeNetwork);
    assertThat(backend.leavesChecksumsToNic()).isEqualTo(checksums);
    assertThat(backend.networkId())
        .isEqualTo(type == BackendType.VXLAN ? OptionalInt.of(1) : OptionalInt.empty());
  }

  @ParameterizedTest
  @EnumSource(BackendType.class)
  void whatAManifestSaysIsReadBack(BackendType type) {
    Backend backend = Backend.usual(type);
    assertThat(Backend.of(backend.spec())).isEqualTo(backend);
    assertThat(Backend.usual()).contains(backend);
    assertThat(Backend.read(GoJson.parse("{\"Type\": \"%s\"}".formatted(type.wireName()))))
        .hasValueSatisfying(read -> assertThat(read.type()).isEqualTo(type));
    assertThat(backend.changeFrom(backend)).isEqualTo(OptionChange.NONE);
  }

  @Test
  void optionsAreReadBackFromAManifest() {
    for (Backend backend :
        List.of(
            new BackendVxlan(7, 4789, true, true),
            new BackendIpip(true),
            new BackendWireguard(1, 0, Optional.of(new Psk("s", "k"))))) {
      assertThat(Backend.of(backend.spec())).isEqualTo(backend);
    }
    assertThat(Backend.read(GoJson.parse("{\"Type\": \"alloc\"}"))).isEmpty();
    assertThat(Backend.read(GoJson.parse("{}"))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "1, 8472, false, NONE",
    "2, 8472, false, OTHER_TUNNEL",
    "1, 4789, false, OTHER_TUNNEL",
    "1, 8472, true, RECREATED",
    "2, 8472, true, OTHER_TUNNEL"
  })
  void anotherVniOrPortIsAnotherTunnel(int vni, int port, boolean gbp, OptionChange change) {
    assertThat(new BackendVxlan(vni, port, gbp, false).changeFrom(VXLAN)).isEqualTo(change);
  }

  @Test
  void aTunnelOfAnotherBackendIsNoChangeOfOptions() {
    assertThat(VXLAN.changeFrom(new BackendIpip(false))).isEqualTo(OptionChange.NONE);
  }

  @Test
  void theNetConfHasTheMtuOfTheOuterPacket() {
    assertThat(VXLAN.netConf(OptionalInt.of(1400)))
        .isEqualTo(Map.of("Type", "vxlan", "VNI", 1, "Port", 8472, "MTU", 1450));
    assertThat(new BackendHostGw().netConf(OptionalInt.of(1400)))
        .isEqualTo(Map.of("Type", "host-gw"));
  }

  @ParameterizedTest
  @CsvSource({
    "registry.example:5000/flannel, Always",
    "flannel:latest, Always",
    "flannel:v1, IfNotPresent",
    "flannel@sha256:0123, IfNotPresent"
  })
  void kubernetesPullsTheLatestImageAlways(String image, String policy) {
    assertThat(Pods.defaultPullPolicy(image)).isEqualTo(policy);
  }

  @ParameterizedTest
  @CsvSource({"Always", "IfNotPresent", "Never"})
  void aPullPolicyIsKubernetes(String policy) {
    assertThat(
            Networks.wanted(
                    "{cidr: 10.244.0.0/16, backend: {type: ipip}, flannel: {imagePullPolicy: %s}}"
                        .formatted(policy))
                .pods()
                .imagePullPolicy())
        .contains(policy);
  }

  @Test
  void wireguardsIpv6PortIsTheNextOne() {
    Backend wireguard = Backend.usual(BackendType.WIREGUARD);
    assertThat(wireguard.unsaid(GoJson.parse("{}"), true)).isEmpty();
    GoJson other = GoJson.parse("{\"ListenPortV6\": 51819}");
    assertThat(wireguard.unsaid(other, true))
        .containsExactly("ListenPortV6 51819, not ListenPort + 1");
    assertThat(wireguard.unsaid(other, false)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "true, 3, 3, 3, true, true",
    "true, 3, 2, 3, false, false",
    "true, 3, 3, 2, false, true",
    "false, 3, 3, 3, false, false"
  })
  void aDaemonSetIsCompleteWhenAllPodsAreUpdatedAndAvailable(
      boolean observed,
      int desired,
      int updated,
      int available,
      boolean complete,
      boolean noneOutdated) {
    PodCounts counts = new PodCounts(observed, desired, desired, updated, available);
    assertThat(counts.complete()).isEqualTo(complete);
    assertThat(counts.noneOutdated()).isEqualTo(noneOutdated);
    assertThat(new PodCounts(true, 3, 3, 2, 1).completeWithout(2, 1)).isTrue();
    assertThat(new PodCounts(true, 3, 3, 2, 1).completeWithout(1, 1)).isFalse();
    assertThat(new PodCounts(true, 3, 3, 2, 1).completeWithout(2, 0)).isFalse();
  }

  @Test
  void anAgentReadsTheBackendFromItsSpec() {
    assertThat(Backend.of(agents("{network: a, backend: vxlan, vxlan: {vni: 7, port: 4789}}")))
        .isEqualTo(new BackendVxlan(7, 4789, false, false));
    assertThat(Backend.of(agents("{network: a, backend: ipip, directRouting: true}")))
        .isEqualTo(new BackendIpip(true));
  }

  private static FlannelNodeSpec agents(String yaml) {
    return Serialization.unmarshal("---\n" + yaml, FlannelNodeSpec.class);
  }

  @Test
  void aNodeSaysWhetherFlannelEverRanThere() {
    assertThat(node("n1").get().isPublished()).isFalse();
    assertThat(node("n1").flannel("public-ip-overwrite", "10.0.0.1").get().isPublished()).isFalse();
    assertThat(node("n1").flannel("public-ip", "10.0.0.1").get().isPublished()).isTrue();
    assertThat(node("n1").get().isWindows()).isFalse();
    assertThat(node("n1").label("kubernetes.io/os", "windows").get().isWindows()).isTrue();
    assertThat(node("n1").get().lost()).isFalse();
    assertThat(node("n1").lost().get().lost()).isTrue();
  }

  @Test
  void aTemplatesArgumentsAreToldApart() {
    PodTemplate template =
        PodTemplate.of(
            Networks.wanted(
                """
                cidr: 10.244.0.0/16
                backend: {type: vxlan}
                interface: {name: eth1}
                flannel: {extraArgs: [-v=4], nodeSelector: {pool: a}}
                """));
    assertThat(template.ipMasq()).isTrue();
    assertThat(template.interfaceArgs()).containsExactly("--iface=eth1");
    assertThat(template.extraArgs()).containsExactly("-v=4");
    assertThat(template.runOn(node("n1").label("pool", "a").get())).isTrue();
    assertThat(template.runOn(node("n1").get())).isFalse();
    assertThat(
            PodTemplate.of(
                    Networks.wanted("{cidr: 10.244.0.0/16, backend: {type: vxlan}, ipMasq: false}"))
                .ipMasq())
        .isFalse();
  }

  @Test
  void noNamesAreCalledNone() {
    assertThat(Names.and(List.of())).isEqualTo("none");
  }
}

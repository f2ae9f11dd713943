package io.flannel.operator.flannel;

import static io.flannel.operator.flannel.Networks.wanted;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.FlannelNetworkSpec;
import io.flannel.operator.flannel.live.AppliedConfig;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class NetConfTest {
  @Example
  void vxlan() {
    assertThat(netConf("{cidr: 10.244.0.0/16, backend: {type: vxlan}}"))
        .isEqualTo(
            """
            {
              "EnableIPv4" : true,
              "Network" : "10.244.0.0/16",
              "EnableIPv6" : false,
              "EnableNFTables" : false,
              "Backend" : {
                "Type" : "vxlan",
                "VNI" : 1,
                "Port" : 8472
              }
            }
            """);
  }

  @Example
  void dualStackVxlanWithEverything() {
    assertThat(
            netConf(
                """
                cidr: 10.244.0.0/16
                ipv6CIDR: fd00:10:244::/56
                backend: {type: vxlan, directRouting: true, vxlan: {vni: 7, port: 4789, gbp: true}}
                mtu: 1400
                nftables: true
                """))
        .isEqualTo(
            """
            {
              "EnableIPv4" : true,
              "Network" : "10.244.0.0/16",
              "EnableIPv6" : true,
              "IPv6Network" : "fd00:10:244::/56",
              "EnableNFTables" : true,
              "Backend" : {
                "Type" : "vxlan",
                "VNI" : 7,
                "Port" : 4789,
                "GBP" : true,
                "DirectRouting" : true,
                "MTU" : 1450
              }
            }
            """);
  }

  @Example
  void ipipHasNoMtuOfItsOwn() {
    assertThat(netConf("{cidr: 10.0.0.0/8, backend: {type: ipip, directRouting: true}, mtu: 1400}"))
        .isEqualTo(
            """
            {
              "EnableIPv4" : true,
              "Network" : "10.0.0.0/8",
              "EnableIPv6" : false,
              "EnableNFTables" : false,
              "Backend" : {
                "Type" : "ipip",
                "DirectRouting" : true
              }
            }
            """);
  }

  @Example
  void ipv6OnlyHostGw() {
    assertThat(netConf("{ipv6CIDR: 'fd00::/48', backend: {type: host-gw}}"))
        .isEqualTo(
            """
            {
              "EnableIPv4" : false,
              "EnableIPv6" : true,
              "IPv6Network" : "fd00::/48",
              "EnableNFTables" : false,
              "Backend" : {
                "Type" : "host-gw"
              }
            }
            """);
  }

  @Example
  void wireguardHoldsAPlaceholderAndNeverTheKey() {
    assertThat(
            netConf(
                """
                cidr: 10.244.0.0/16
                backend: {type: wireguard, wireguard: {port: 5000, pskSecret: {name: s}}}
                mtu: 1400
                """))
        .isEqualTo(
            """
            {
              "EnableIPv4" : true,
              "Network" : "10.244.0.0/16",
              "EnableIPv6" : false,
              "EnableNFTables" : false,
              "Backend" : {
                "Type" : "wireguard",
                "ListenPort" : 5000,
                "ListenPortV6" : 5001,
                "PersistentKeepaliveInterval" : 25,
                "PSK" : "__WIREGUARD_PSK__",
                "MTU" : 1480
              }
            }
            """);
  }

  @Example
  void theCniConfigurationIsUpstreamsAndPinsTheMtu() {
    assertThat(
            NetConf.of(
                    wanted(
                        """
                        cidr: 10.244.0.0/16
                        backend: {type: ipip}
                        mtu: 1400
                        cni: {version: 0.3.1}
                        """))
                .cniConfJson())
        .isEqualTo(
            """
            {
              "name" : "cbr0",
              "cniVersion" : "0.3.1",
              "plugins" : [ {
                "type" : "flannel",
                "delegate" : {
                  "hairpinMode" : true,
                  "isDefaultGateway" : true,
                  "mtu" : 1400
                }
              }, {
                "type" : "portmap",
                "capabilities" : {
                  "portMappings" : true
                }
              } ]
            }
            """);
  }

  /**
   * The ConfigMap's name contains the hash: an upgrade that changed it would start a rollout in
   * every cluster.
   */
  @Example
  void theHashIsTheSameInEveryVersion() {
    assertThat(hash("{cidr: 10.244.0.0/16, backend: {type: ipip}}")).isEqualTo("f75e0e456a");
  }

  @Example
  void theHashChangesWithEitherFile() {
    NetConf conf = new NetConf("a", "b");
    assertThat(
            Stream.of(
                conf,
                new NetConf("aa", "b"),
                new NetConf("a", "bb"),
                new NetConf("ab", ""),
                new NetConf("", "ab")))
        .extracting(NetConf::hash)
        .doesNotHaveDuplicates()
        .allSatisfy(hash -> assertThat(hash).matches("[0-9a-f]{10}"));
  }

  @Example
  void hashChangesWithWhateverFlannelReads() {
    assertThat(
            List.of(
                "{cidr: 10.244.0.0/16, backend: {type: vxlan}}",
                "{cidr: 10.244.0.0/15, backend: {type: vxlan}}",
                "{cidr: 10.244.0.0/16, ipv6CIDR: 'fd00::/56', backend: {type: vxlan}}",
                "{cidr: 10.244.0.0/16, backend: {type: vxlan, vxlan: {vni: 2}}}",
                "{cidr: 10.244.0.0/16, backend: {type: vxlan, vxlan: {port: 4789}}}",
                "{cidr: 10.244.0.0/16, backend: {type: vxlan, vxlan: {gbp: true}}}",
                "{cidr: 10.244.0.0/16, backend: {type: vxlan, directRouting: true}}",
                "{cidr: 10.244.0.0/16, backend: {type: vxlan}, mtu: 1400}",
                "{cidr: 10.244.0.0/16, backend: {type: vxlan}, nftables: true}",
                "{cidr: 10.244.0.0/16, backend: {type: vxlan}, cni: {version: 0.4.0}}",
                "{cidr: 10.244.0.0/16, backend: {type: ipip}}",
                "{cidr: 10.244.0.0/16, backend: {type: ipip}, mtu: 1400}",
                "{cidr: 10.244.0.0/16, backend: {type: host-gw}}",
                "{cidr: 10.244.0.0/16, backend: {type: wireguard}}",
                "{cidr: 10.244.0.0/16, backend: {type: wireguard, wireguard: {port: 1}}}",
                "{cidr: 10.244.0.0/16, backend: {type: wireguard, wireguard: {keepaliveSeconds:"
                    + " 0}}}",
                "{cidr: 10.244.0.0/16, backend: {type: wireguard, wireguard: {pskSecret: {name:"
                    + " s}}}}"))
        .extracting(NetConfTest::hash)
        .doesNotHaveDuplicates();
  }

  @Property
  void theSameSpecGivesTheSameText(@ForAll("specs") FlannelNetworkSpec spec) {
    assertThat(NetConf.of(DesiredNetwork.of("a", spec)))
        .isEqualTo(NetConf.of(DesiredNetwork.of("b", spec)));
  }

  @Property
  void confIsReadBackAsApplied(@ForAll("networks") DesiredNetwork network) {
    assertThat(AppliedConfig.of(network))
        .isEqualTo(
            new AppliedConfig(
                network.backend().type().wireName(),
                !(network.backend() instanceof BackendHostGw) && network.backend().directRouting(),
                network.cidr(),
                network.ipv6Cidr(),
                network.mtu(),
                Optional.of(withoutKey(network.backend())),
                network.nftables(),
                network.cni().version()));
    assertThat(AppliedConfig.of(network).ranges()).isEqualTo(network.ranges());
  }

  /** The source of WireGuard's pre-shared key is not written. */
  private static Backend withoutKey(Backend backend) {
    return backend instanceof BackendWireguard wireguard
        ? new BackendWireguard(wireguard.port(), wireguard.keepaliveSeconds(), Optional.empty())
        : backend;
  }

  @Provide
  Arbitrary<FlannelNetworkSpec> specs() {
    return Specs.specs();
  }

  @Provide
  Arbitrary<DesiredNetwork> networks() {
    return Specs.networks();
  }

  static String netConf(String yaml) {
    return NetConf.of(wanted(yaml)).netConfJson();
  }

  private static String hash(String yaml) {
    return NetConf.of(wanted(yaml)).hash();
  }
}

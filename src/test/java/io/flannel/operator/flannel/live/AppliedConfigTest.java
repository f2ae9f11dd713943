package io.flannel.operator.flannel.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.flannel.BackendIpip;
import io.flannel.operator.flannel.BackendVxlan;
import io.flannel.operator.flannel.Cidr;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AppliedConfigTest {
  /** The form of upstream's manifest (Documentation/kube-flannel.yml). */
  private static final String UPSTREAM =
      """
      {
        "Network": "10.244.0.0/16",
        "EnableNFTables": false,
        "Backend": {
          "Type": "vxlan"
        }
      }
      """;

  private static final String UPSTREAM_CNI =
      """
      {
        "name": "cbr0",
        "cniVersion": "1.0.0",
        "plugins": [
          {"type": "flannel", "delegate": {"hairpinMode": true, "isDefaultGateway": true}},
          {"type": "portmap", "capabilities": {"portMappings": true}}
        ]
      }
      """;

  private static final Optional<Cidr> RANGE = Optional.of(Cidr.parse("10.244.0.0/16"));

  @Test
  void upstreamsManifest() {
    assertThat(AppliedConfig.read(UPSTREAM, UPSTREAM_CNI))
        .contains(
            new AppliedConfig(
                "vxlan",
                false,
                RANGE,
                Optional.empty(),
                OptionalInt.empty(),
                Optional.of(new BackendVxlan(1, 8472, false, false)),
                false,
                "1.0.0"));
  }

  @Test
  void keysAreMatchedWithoutCaseAndUnknownOnesIgnored() {
    assertThat(
            read(
                """
                {"network": "10.244.0.0/16", "ENABLEIPV6": true, "ipv6network": "fd00::/56",
                 "SubnetLen": 24, "x": [], "backend": {"type": "ipip", "directrouting": true, "y": 1}}
                """))
        .contains(
            new AppliedConfig(
                "ipip",
                true,
                RANGE,
                Optional.of(Cidr.parse("fd00::/56")),
                OptionalInt.empty(),
                Optional.of(new BackendIpip(true)),
                false,
                ""));
  }

  @Test
  void theBackendsTypeIsReadWithoutCaseAsFlannelDoes() {
    assertThat(read("{\"Backend\": {\"Type\": \"WireGuard\"}}").orElseThrow())
        .satisfies(
            config -> {
              assertThat(config.backendType()).isEqualTo("wireguard");
              assertThat(config.backend().orElseThrow().removesDeviceAtExit()).isTrue();
            });
  }

  @Test
  void lastOfOneKeyInTwoCasesCountsAsInGo() {
    assertThat(read("{\"Network\": \"10.1.0.0/16\", \"network\": \"10.244.0.0/16\"}"))
        .get()
        .extracting(AppliedConfig::cidr)
        .isEqualTo(RANGE);
    assertThat(read("{\"network\": \"10.244.0.0/16\", \"Network\": \"10.1.0.0/16\"}"))
        .get()
        .extracting(AppliedConfig::cidr)
        .isEqualTo(Optional.of(Cidr.parse("10.1.0.0/16")));
  }

  @Test
  void ipv6CountsOnlyWhereItIsOnAndIpv4UnlessItIsOff() {
    assertThat(read("{\"Network\": \"10.244.0.0/16\", \"IPv6Network\": \"fd00::/56\"}"))
        .get()
        .extracting(AppliedConfig::ranges)
        .isEqualTo(RANGE.stream().toList());
    assertThat(read("{\"Network\": \"10.244.0.0/16\", \"EnableIPv4\": false}"))
        .get()
        .satisfies(config -> assertThat(config.ranges()).isEmpty());
  }

  @Test
  void flannelsDefaultBackendIsUdp() {
    assertThat(read("{}"))
        .contains(
            new AppliedConfig(
                "udp",
                false,
                Optional.empty(),
                Optional.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                false,
                ""));
  }

  @Test
  void hostBitsOfTheRangeAreClearedAsFlannelDoes() {
    assertThat(read("{\"Network\": \"10.244.3.7/16\"}"))
        .get()
        .extracting(AppliedConfig::cidr)
        .isEqualTo(RANGE);
  }

  @Test
  void rangesThatAreNoneAreNone() {
    assertThat(read("{\"Network\": \"ten\", \"EnableIPv6\": true, \"IPv6Network\": 6}"))
        .get()
        .satisfies(config -> assertThat(config.ranges()).isEmpty());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", " ", "null", "[]", "7", "\"text\"", "{", "{\"Network\": }", "{} {}", "net: 1"})
  void whatIsNoJsonObjectIsNoConfiguration(String text) {
    assertThat(read(text)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "junk",
        "{",
        "[]",
        "{}",
        "{\"plugins\": 1}",
        "{\"plugins\": [{\"delegate\": []}]}",
        "{\"plugins\": [{\"delegate\": {\"mtu\": \"1400\"}}]}"
      })
  void aCniConfigurationWithoutAnMtuPinsNone(String cni) {
    assertThat(AppliedConfig.read(UPSTREAM, cni))
        .get()
        .extracting(AppliedConfig::mtu)
        .isEqualTo(OptionalInt.empty());
  }

  @Test
  void theMtuThatPodsGetIsTheDelegates() {
    assertThat(
            AppliedConfig.read(
                UPSTREAM, "{\"plugins\": [{\"type\": \"x\"}, {\"delegate\": {\"mtu\": 1400}}]}"))
        .get()
        .extracting(AppliedConfig::mtu)
        .isEqualTo(OptionalInt.of(1400));
  }

  private static Optional<AppliedConfig> read(String netConf) {
    return AppliedConfig.read(netConf, "{}");
  }
}

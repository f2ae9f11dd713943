package io.flannel.operator.flannel;

import static io.flannel.operator.flannel.Networks.wanted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The first and the last value of each number of a spec, for those of an older schema. */
class SpecBoundsTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          mtu | backend: {type: vxlan}, mtu: %s | 576 | 65455
          backend.vxlan.vni | backend: {type: vxlan, vxlan: {vni: %s}} | 1 | 16777215
          backend.vxlan.port | backend: {type: vxlan, vxlan: {port: %s}} | 1 | 65535
          backend.wireguard.port | backend: {type: wireguard, wireguard: {port: %s}} | 1 | 65534
          backend.wireguard.keepaliveSeconds | backend: {type: wireguard, wireguard: {keepaliveSeconds: %s}} | 0 | 65535
          health.failAfter | backend: {type: vxlan}, health: {failAfter: %s} | 2 | 100
          health.port | backend: {type: vxlan}, health: {port: %s} | 1 | 65535
          """)
  void aNumberIsWithinItsBounds(String field, String spec, int least, int most) {
    String whole = "{cidr: 10.244.0.0/16, " + spec + "}";
    assertThat(wanted(whole.formatted(least))).isNotNull();
    assertThat(wanted(whole.formatted(most))).isNotNull();
    for (int outside : new int[] {least - 1, most + 1}) {
      assertThatThrownBy(() -> wanted(whole.formatted(outside)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("spec.%s: %d is not from %d to %d".formatted(field, outside, least, most));
    }
  }

  @ParameterizedTest
  @CsvSource({"1s, 5m, 999ms", "1s, 5m, 300001ms"})
  void anIntervalIsWithinItsBounds(String least, String most, String outside) {
    String spec = "{cidr: 10.244.0.0/16, backend: {type: vxlan}, health: {interval: %s}}";
    assertThat(wanted(spec.formatted(least)).health().interval()).hasToString("PT1S");
    assertThat(wanted(spec.formatted(most)).health().interval()).hasToString("PT5M");
    assertThatThrownBy(() -> wanted(spec.formatted(outside)))
        .hasMessage("spec.health.interval: %s is not from 1s to 5m".formatted(outside));
  }

  @ParameterizedTest
  @CsvSource({
    "100m, true",
    "50Mi, true",
    "1e19, true",
    "-1e19, true",
    "2e19, false",
    "much, false"
  })
  void aResourceIsAQuantity(String quantity, boolean is) {
    for (String kind : new String[] {"limits", "requests"}) {
      String spec =
          "{cidr: 10.244.0.0/16, backend: {type: vxlan}, flannel: {resources: {%s: {cpu: '%s'}}}}"
              .formatted(kind, quantity);
      if (is) {
        assertThat(wanted(spec)).isNotNull();
      } else {
        assertThatThrownBy(() -> wanted(spec))
            .hasMessage(
                "spec.flannel.resources.%s.cpu: '%s' is no quantity such as 100m or 50Mi"
                    .formatted(kind, quantity));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"3, 10, 3", "25%, 10, 3", "1%, 3, 1", "100%, 7, 7", "50%, 1, 1", "50%, 0, 1"})
  void nodesAtOnceAreRoundedUpAndNeverNone(String maxUnavailable, int nodes, int atOnce) {
    assertThat(
            wanted(
                    "{cidr: 10.244.0.0/16, backend: {type: vxlan}, rollout: {maxUnavailable: %s}}"
                        .formatted(maxUnavailable))
                .unavailableOf(nodes))
        .isEqualTo(atOnce);
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8, 10.1.0.0/16, true, true",
    "10.1.0.0/16, 10.0.0.0/8, false, true",
    "10.1.0.0/16, 10.1.0.0/16, true, true",
    "10.1.0.0/16, 10.2.0.0/16, false, false",
    "0.0.0.0/0, 255.255.255.255/32, true, true",
    "fd00::/56, fd00:0:0:ff::/64, true, true",
    "fd00::/56, fd00:0:0:100::/64, false, false",
    "10.0.0.0/8, fd00::/8, false, false"
  })
  void aRangeContainsWhatSharesItsPrefix(
      String range, String other, boolean contains, boolean overlaps) {
    assertThat(Cidr.parse(range).contains(Cidr.parse(other))).isEqualTo(contains);
    assertThat(Cidr.parse(range).overlaps(Cidr.parse(other))).isEqualTo(overlaps);
  }

  @Test
  void theLongestAddressIsRead() {
    assertThat(Cidr.tryAddress("0000:0000:0000:0000:0000:ffff:255.255.255.255"))
        .contains(Cidr.ofAddress("255.255.255.255"));
    assertThat(Cidr.ofAddress("0000:0000:0000:0000:0000:fffe:255.255.255.255").base())
        .isEqualTo("::fffe:ffff:ffff");
  }

  @ParameterizedTest
  @CsvSource({"90, ''", "91, …"})
  void aTextThatIsNoAddressIsRepeatedInPart(int length, String end) {
    assertThatThrownBy(() -> Cidr.ofAddress("x".repeat(length)))
        .hasMessage("'" + "x".repeat(90) + end + "' is no IP address");
  }
}

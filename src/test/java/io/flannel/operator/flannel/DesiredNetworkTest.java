package io.flannel.operator.flannel;

import static io.flannel.operator.flannel.Networks.spec;
import static io.flannel.operator.flannel.Networks.wanted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fabric8.kubernetes.api.model.Quantity;
import io.flannel.operator.flannel.Backend.Psk;
import io.flannel.operator.flannel.Pods.Toleration;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DesiredNetworkTest {
  @Test
  void everyDefaultIsSpelledOut() {
    assertThat(wanted("{cidr: 10.244.0.0/16, backend: {type: vxlan}}"))
        .isEqualTo(
            new DesiredNetwork(
                "default",
                Optional.of(Cidr.parse("10.244.0.0/16")),
                Optional.empty(),
                new BackendVxlan(1, 8472, false, false),
                OptionalInt.empty(),
                List.of(),
                true,
                false,
                new DesiredNetwork.Cni("1.0.0", "/opt/cni/bin", "/etc/cni/net.d"),
                new Pods(
                    "ghcr.io/flannel-io/flannel:v0.28.10",
                    "ghcr.io/flannel-io/flannel-cni-plugin:v1.9.1-flannel3",
                    Optional.empty(),
                    List.of(),
                    Map.of(),
                    Map.of("cpu", new Quantity("100m"), "memory", new Quantity("50Mi")),
                    List.of(
                        new Toleration(null, "Exists", null, "NoSchedule", null),
                        new Toleration(null, "Exists", null, "NoExecute", null)),
                    Map.of("kubernetes.io/os", "linux"),
                    List.of()),
                "1",
                Duration.ofMinutes(10),
                true,
                false,
                new DesiredNetwork.Health(true, Duration.ofSeconds(2), 3, 8473)));
  }

  @Test
  void emptyObjectsMeanTheSameAsNone() {
    assertThat(
            wanted(
                """
                cidr: 10.244.0.0/16
                backend: {type: vxlan, vxlan: {}}
                cni: {}
                flannel: {resources: {}}
                health: {}
                rollout: {}
                """))
        .isEqualTo(wanted("{cidr: 10.244.0.0/16, backend: {type: vxlan}}"));
  }

  @Test
  void backendsTakeFlannelsDefaults() {
    assertThat(backend("{type: ipip}")).isEqualTo(new BackendIpip(false));
    assertThat(backend("{type: ipip, directRouting: true}")).isEqualTo(new BackendIpip(true));
    assertThat(backend("{type: host-gw}")).isEqualTo(new BackendHostGw());
    assertThat(backend("{type: vxlan, vxlan: {vni: 7, port: 4789, gbp: true}}"))
        .isEqualTo(new BackendVxlan(7, 4789, true, false));
    assertThat(backend("{type: wireguard}"))
        .isEqualTo(new BackendWireguard(51820, 25, Optional.empty()));
    assertThat(
            backend(
                "{type: wireguard, wireguard: {port: 1, keepaliveSeconds: 0, pskSecret: {name:"
                    + " s}}}"))
        .isEqualTo(new BackendWireguard(1, 0, Optional.of(new Psk("s", "psk"))));
    assertThat(backend("{type: wireguard, wireguard: {pskSecret: {name: s, key: k}}}"))
        .isEqualTo(new BackendWireguard(51820, 25, Optional.of(new Psk("s", "k"))));
  }

  @Test
  void devicesAndOverheadsAreFlannels() {
    record Facts(Optional<String> device, int overhead, boolean direct, boolean ipv6) {
      static Facts of(String yaml) {
        Backend it = backend(yaml);
        return new Facts(it.device(), it.overhead(), it.directRouting(), it.carriesIpv6());
      }
    }
    assertThat(Facts.of("{type: vxlan, vxlan: {vni: 42}}"))
        .isEqualTo(new Facts(Optional.of("flannel.42"), 50, false, true));
    assertThat(Facts.of("{type: ipip}"))
        .isEqualTo(new Facts(Optional.of("flannel.ipip"), 20, false, false));
    assertThat(Facts.of("{type: host-gw}")).isEqualTo(new Facts(Optional.empty(), 0, true, true));
    assertThat(Facts.of("{type: wireguard}"))
        .isEqualTo(new Facts(Optional.of("flannel-wg"), 80, false, true));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "name: eth1|--iface=eth1",
        "regex: '^eth[0-9]$'|--iface-regex=^eth[0-9]$",
        "canReach: 192.168.0.1|--iface-can-reach=192.168.0.1"
      })
  void anInterfaceBecomesFlannelsArgument(String iface, String argument) {
    assertThat(
            wanted("{cidr: 10.0.0.0/8, backend: {type: ipip}, interface: {%s}}".formatted(iface))
                .interfaceArgs())
        .containsExactly(argument);
  }

  @ParameterizedTest
  @CsvSource({
    "2s, PT2S",
    "10m, PT10M",
    "1h30m, PT1H30M",
    "1.5h, PT1H30M",
    "500ms, PT0.5S",
    "24h, PT24H",
    "1m0.25s, PT1M0.25S",
    "0s, PT0S",
    "90000ms, PT1M30S"
  })
  void durationsAreReadAsKubernetesWritesThem(String text, Duration duration) {
    assertThat(Durations.parse(text)).isEqualTo(duration);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "10", "m", "10 m", "ten", "-1m", "10m!", "1d", ".5h", "1.h", "1e3s"})
  void whatIsNoDurationIsRefusedNotTakenForZero(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                wanted(
                    "{cidr: 10.0.0.0/8, backend: {type: ipip}, rollout: {progressDeadline: '%s'}}"
                        .formatted(text)))
        .withMessage(
            "spec.rollout.progressDeadline: '%s' is no duration such as 10m or 1h30m"
                .formatted(text));
  }

  @Test
  void healthSettingsAreRead() {
    assertThat(
            wanted(
                    "{cidr: 10.0.0.0/8, backend: {type: ipip},"
                        + " health: {enabled: false, interval: 1m30s, failAfter: 5, port: 9000}}")
                .health())
        .isEqualTo(new DesiredNetwork.Health(false, Duration.ofSeconds(90), 5, 9000));
    assertRefused(
        "{cidr: 10.0.0.0/8, backend: {type: ipip}, health: {interval: soon}}",
        "spec.health.interval: 'soon' is no duration such as 10m or 1h30m");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "0%", "101%", "half", "''", "'1 %'"})
  void maxUnavailableThatKubernetesWouldRefuseIsRefusedHere(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> wanted(withMaxUnavailable(text)))
        .withMessageContaining("spec.rollout.maxUnavailable: ")
        .withMessageEndingWith("is neither a number from 1 nor a percentage from 1% to 100%");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "5000", "1%", "25%", "100%"})
  void maxUnavailableIsANumberOrAPercentage(String text) {
    assertThat(wanted(withMaxUnavailable(text)).maxUnavailable()).isEqualTo(text);
  }

  @Test
  void aRuleThatAnOlderSchemaLackedNamesItsField() {
    assertRefused("{cidr: 10.1/16, backend: {type: ipip}}", "spec.cidr: '10.1' is no IP address");
    assertRefused(
        "{cidr: 'fd00::/56', backend: {type: vxlan}}", "spec.cidr: fd00::/56 is no IPv4 range");
    assertRefused(
        "{ipv6CIDR: 10.0.0.0/8, backend: {type: vxlan}}",
        "spec.ipv6CIDR: 10.0.0.0/8 is no IPv6 range");
    assertRefused("{backend: {type: vxlan}}", "spec.cidr: neither cidr nor ipv6CIDR is set");
    assertRefused(
        "{cidr: 10.0.0.0/8, ipv6CIDR: 'fd00::/56', backend: {type: ipip}}",
        "spec.ipv6CIDR: flannel's ipip carries IPv4 only");
  }

  @Test
  void aNameTooLongForALabelIsRefusedInsteadOfFailingAtEachObject() {
    var spec = spec("{cidr: 10.0.0.0/8, backend: {type: ipip}}");
    assertThat(DesiredNetwork.of("n".repeat(63), spec).name()).hasSize(63);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DesiredNetwork.of("n".repeat(64), spec))
        .withMessage(
            "metadata.name: '%s' has more than 63 characters, and each object's label"
                    .formatted("n".repeat(64))
                + " flannel.io/network holds it: create the FlannelNetwork under a shorter name");
  }

  @Test
  void aUsersNodeSelectorIsAddedToLinux() {
    assertThat(
            wanted(
                    """
                    cidr: 10.0.0.0/8
                    backend: {type: ipip}
                    flannel: {nodeSelector: {pool: a, kubernetes.io/os: windows}}
                    """)
                .pods()
                .nodeSelector())
        .isEqualTo(Map.of("pool", "a", "kubernetes.io/os", "linux"));
  }

  private static String withMaxUnavailable(String text) {
    return "{cidr: 10.0.0.0/8, backend: {type: ipip}, rollout: {maxUnavailable: %s}}"
        .formatted(text);
  }

  private static Backend backend(String yaml) {
    return wanted("{cidr: 10.244.0.0/16, backend: %s}".formatted(yaml)).backend();
  }

  private static void assertRefused(String yaml, String message) {
    assertThatIllegalArgumentException().isThrownBy(() -> wanted(yaml)).withMessage(message);
  }
}

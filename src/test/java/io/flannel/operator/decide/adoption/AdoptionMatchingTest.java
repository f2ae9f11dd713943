package io.flannel.operator.decide.adoption;

import static io.flannel.operator.decide.Clusters.cluster;
import static io.flannel.operator.flannel.Nodes.node;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.FlannelNetworkSpec;
import io.flannel.operator.api.HealthSpec;
import io.flannel.operator.decide.change.FieldDiff;
import io.flannel.operator.flannel.Installs;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.flannel.foreign.ForeignFlannel;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The spec that adopts a flannel as it is, and what counts as a difference. */
class AdoptionMatchingTest {
  private static final ForeignFlannel FOUND = Installs.found("manifest-v0.28");

  @Test
  void theSpecThatAdoptsAFlannelKeepsWhatDoesNotDescribeIt() {
    FlannelNetworkSpec written =
        Networks.spec(
            """
            cidr: 10.0.0.0/8
            backend: {type: ipip}
            mtu: 1400
            health: {interval: 5s}
            rollout: {maxUnavailable: 3}
            deletionPolicy: Cleanup
            paused: true
            """);
    FlannelNetworkSpec matching = AdoptionValidator.matching(FOUND, written).orElseThrow();
    FlannelNetworkSpec found = FOUND.spec().orElseThrow();
    assertThat(matching)
        .isEqualTo(
            new FlannelNetworkSpec(
                found.cidr(),
                found.ipv6CIDR(),
                found.backend(),
                found.mtu(),
                found.iface(),
                found.ipMasq(),
                found.nftables(),
                found.cni(),
                found.flannel(),
                written.health(),
                written.rollout(),
                written.deletionPolicy(),
                written.paused()));
  }

  @Test
  void aFlannelThatNoSpecDescribesHasNone() {
    assertThat(
            AdoptionValidator.matching(
                Installs.withNetConf("manifest-v0.28", "no JSON"),
                Networks.spec("{cidr: 10.0.0.0/8, backend: {type: ipip}}")))
        .isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"8473, , 9473", "8472, , ", "4789, 4789, 9473", "4789, 8473, 8473"})
  void theAgentsGetAnotherPortWhereTheirsIsTheTunnels(int tunnel, Integer agents, Integer port) {
    ForeignFlannel found =
        Installs.withNetConf(
            "manifest-v0.28",
            """
            {"Network": "10.244.0.0/16", "EnableNFTables": false,
             "Backend": {"Type": "vxlan", "Port": %d}}
            """
                .formatted(tunnel));
    FlannelNetworkSpec written =
        Networks.spec(
            "{cidr: 10.244.0.0/16, backend: {type: vxlan}%s}"
                .formatted(agents == null ? "" : ", health: {port: %d}".formatted(agents)));
    assertThat(
            AdoptionValidator.matching(found, written)
                .map(FlannelNetworkSpec::health)
                .map(HealthSpec::port))
        .isEqualTo(Optional.ofNullable(port));
  }

  @Test
  void aNamespaceThatIsNobodysInParticularIsUnusual() {
    assertThat(unusual("kube-flannel")).isEmpty();
    assertThat(unusual("kube-system")).isEmpty();
    assertThat(unusual("networking")).contains("networking");
  }

  @ParameterizedTest
  @CsvSource({
    "/opt/cni/bin/, ",
    "/opt/cni/bin//, ",
    "/, 'cni.binDir: /opt/cni/bin -> /'",
    "//, 'cni.binDir: /opt/cni/bin -> /'"
  })
  void aSlashAtTheEndOfADirectoryIsNoDifference(String binDir, String difference) {
    assertThat(
            AdoptionValidator.differences(
                FOUND,
                Networks.wanted(
                    """
                    cidr: 10.244.0.0/16
                    backend: {type: vxlan}
                    cni: {version: 0.3.1, binDir: %s}
                    """
                        .formatted(binDir)),
                cluster(node("n1")).state()))
        .extracting(FieldDiff::toString)
        .isEqualTo(Optional.ofNullable(difference).stream().toList());
  }

  private static Optional<String> unusual(String namespace) {
    ForeignFlannel found =
        new ForeignFlannel(
            namespace,
            FOUND.serviceAccount(),
            FOUND.spec(),
            List.of(),
            Optional.empty(),
            Set.of(),
            FOUND.pods());
    return AdoptionValidator.unusualNamespace(
        Networks.vxlan("10.244.0.0/16"), cluster(node("n1")).foreign(found).state());
  }
}

package io.flannel.operator.decide.adoption;

import static io.flannel.operator.decide.Clusters.cluster;
import static io.flannel.operator.flannel.Networks.wanted;
import static io.flannel.operator.flannel.Nodes.node;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.api.FlannelNetworkSpec;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.Clusters;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.Decision.Refuse;
import io.flannel.operator.decide.acceptance.SpecValidator;
import io.flannel.operator.decide.change.FieldDiff;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Installs;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.flannel.Specs;
import io.flannel.operator.flannel.foreign.ForeignFlannel;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AdoptionValidatorTest {
  private static final String MANIFEST = "manifest-v0.28";

  /** A spec equal to what upstream's manifest of v0.28.10 runs. */
  private static final String AS_IT_IS =
      """
      cidr: 10.244.0.0/16
      backend: {type: vxlan}
      cni: {version: 0.3.1}
      """;

  @Test
  void equalInEffectIsAccepted() {
    assertThat(judge(MANIFEST, AS_IT_IS)).isEqualTo(Decision.accept());
    assertThat(judge("chart-v0.28", AS_IT_IS)).isEqualTo(Decision.accept());
    assertThat(
            judge(
                "manifest-v0.25",
                AS_IT_IS
                    + """
                    flannel:
                      image: docker.io/flannel/flannel:v0.25.7
                      cniPluginImage: docker.io/flannel/flannel-cni-plugin:v1.5.1-flannel2
                    """))
        .isEqualTo(Decision.accept());
    assertThat(
            judge(
                "vxlan-vni-port-direct-routing",
                """
                cidr: 10.244.0.0/16
                backend: {type: vxlan, directRouting: true, vxlan: {vni: 4096, port: 4789}}
                mtu: 1400
                cni: {version: 0.3.1}
                """))
        .isEqualTo(Decision.accept());
    assertThat(
            judge(
                "ipip-in-kube-system",
                """
                cidr: 10.244.0.0/16
                backend: {type: ipip}
                cni: {version: 0.3.1}
                """))
        .isEqualTo(Decision.accept());
    assertThat(
            judge(
                "extra-arguments-private-registry",
                AS_IT_IS
                    + """
                    interface: {regex: "^eth[01]$"}
                    flannel:
                      image: registry.example.org/net/flannel:v0.27.4
                      cniPluginImage: registry.example.org/net/flannel-cni-plugin:v1.8.0-flannel1
                      imagePullSecrets: [{name: registry}]
                      extraArgs: [--v=2, --iptables-resync=30]
                    """))
        .isEqualTo(Decision.accept());
  }

  @Test
  void everyDifferenceIsNamed() {
    assertThat(
            refuse(
                MANIFEST,
                """
                cidr: 10.244.0.0/17
                backend: {type: ipip}
                mtu: 1400
                ipMasq: false
                interface: {name: eth1}
                flannel: {extraArgs: [--v=4], resources: {limits: {memory: 1Gi}}}
                """))
        .isEqualTo(
            new Refuse(
                "AdoptionDiffers",
                "the flannel of DaemonSet kube-flannel/kube-flannel-ds would be changed by taking it"
                    + " over: cidr: 10.244.0.0/16 -> 10.244.0.0/17; backend.type: vxlan -> ipip;"
                    + " mtu: not set -> 1400; cni.version: 0.3.1 -> 1.0.0; interface: not set ->"
                    + " --iface=eth1; ipMasq: true -> false; flannel.resources.limits: not set ->"
                    + " memory=1073741824; flannel.extraArgs: not set -> --v=4",
                "take it over as it is, and change it afterwards: kubectl get fnet default -o"
                    + " jsonpath='{.status.adoption.matching}' | kubectl apply -f -"));
    assertThat(
            differences(
                MANIFEST,
                AS_IT_IS.replace(
                    "{type: vxlan}",
                    "{type: vxlan, directRouting: true, vxlan: {vni: 2, gbp: true}}")))
        .containsExactly(
            "backend.directRouting: false -> true",
            "backend.vxlan.vni: 1 -> 2",
            "backend.vxlan.gbp: false -> true");
    assertThat(differences(MANIFEST, AS_IT_IS + "flannel: {image: 'x:1'}"))
        .containsExactly("flannel.image: ghcr.io/flannel-io/flannel:v0.28.10 -> x:1");
  }

  @Test
  void aPathOfAnyLengthIsCompared() {
    String path = "/".repeat(1_000_000) + "x";
    ForeignFlannel found =
        Installs.with(
            MANIFEST,
            daemonSet ->
                daemonSet.getSpec().getTemplate().getSpec().getVolumes().stream()
                    .filter(volume -> volume.getName().equals("cni-plugin"))
                    .forEach(volume -> volume.getHostPath().setPath(path)));
    assertThat(AdoptionValidator.differences(found, wanted(AS_IT_IS), cluster(node("n1")).state()))
        .hasSize(1);
  }

  @Test
  void notationIsNoDifference() {
    assertThat(
            differences(
                "extra-arguments-private-registry",
                AS_IT_IS.replace("0.3.1", "0.3.1, binDir: /opt/cni/bin/")
                    + """
                    interface: {regex: "^eth[01]$"}
                    flannel:
                      image: registry.example.org/net/flannel:v0.27.4
                      cniPluginImage: registry.example.org/net/flannel-cni-plugin:v1.8.0-flannel1
                      imagePullPolicy: IfNotPresent
                      imagePullSecrets: [{name: registry}]
                      extraArgs: ["-iptables-resync", "30", "-v=2"]
                      resources: {requests: {cpu: "0.1", memory: 51200Ki}}
                    """))
        .isEmpty();
  }

  @Test
  void tolerationsCountByTheNodesThatTheyLetFlannelOn() {
    ForeignFlannel found = Installs.found(MANIFEST); // tolerates no NoExecute taint
    ClusterState plain = cluster(node("n1")).foreign(found).state();
    ClusterState tainted =
        cluster(node("n1"), node("n2").taint("gpu", "", "NoExecute")).foreign(found).state();
    assertThat(AdoptionValidator.differences(found, wanted(AS_IT_IS), plain)).isEmpty();
    assertThat(AdoptionValidator.differences(found, wanted(AS_IT_IS), tainted))
        .extracting(FieldDiff::toString)
        .containsExactly("flannel.tolerations and flannel.nodeSelector: not on n2 -> on n2");
  }

  @Test
  void anUnsupportedSettingIsRefusedByItsName() {
    assertThat(refuse("refused-sidecar-and-bandwidth", AS_IT_IS))
        .isEqualTo(
            new Refuse(
                "AdoptionUnsupported",
                "the flannel of DaemonSet kube-flannel/kube-flannel-ds can't be taken over, it has"
                    + " what a FlannelNetwork can't say: container kube-network-policies;"
                    + " environment variable FLANNELD_IFACE=eth0; volume lib-modules;"
                    + " cni-conf.json: plugin bandwidth",
                "take it out of that flannel's manifest or chart values and let its pods restart,"
                    + " or keep that flannel and delete this FlannelNetwork"));
  }

  @Test
  void wireguardTakesItsDeviceAwaySoThatItMustBeAllowed() {
    ForeignFlannel found =
        Installs.withNetConf(
            MANIFEST, "{\"Network\": \"10.244.0.0/16\", \"Backend\": {\"Type\": \"wireguard\"}}");
    ClusterState cluster = cluster(node("n1")).foreign(found).state();
    String spec =
        """
        cidr: 10.244.0.0/16
        backend: {type: wireguard, wireguard: {keepaliveSeconds: 0}}
        cni: {version: 0.3.1}
        """;
    assertThat(SpecValidator.judge(wanted(spec), cluster))
        .extracting("reason")
        .isEqualTo("AdoptionDisruptive");
    assertThat(SpecValidator.judge(wanted(spec + "rollout: {disruption: Allow}"), cluster))
        .isEqualTo(Decision.accept());
  }

  @Test
  void twoFlannelsAreNotTakenOver() {
    ClusterState both =
        cluster(node("n1"))
            .foreign(Installs.found(MANIFEST))
            .foreign(Installs.found("ipip-in-kube-system"))
            .state();
    assertThat(SpecValidator.judge(wanted(AS_IT_IS), both))
        .extracting("reason")
        .isEqualTo("ForeignFlannel");
  }

  @Test
  void aFlannelThatComesBesideOursIsLeftAloneUnlessItIsBeingTakenOver() {
    DesiredNetwork ipip =
        wanted("{cidr: 10.244.0.0/16, backend: {type: ipip}, cni: {version: 0.3.1}}");
    ForeignFlannel newcomer = Installs.found("ipip-in-kube-system");
    ForeignFlannel marked =
        Installs.with(
            "ipip-in-kube-system",
            it -> it.getMetadata().setAnnotations(Map.of("flannel.io/adopted-by", "default")));
    ClusterState beside = cluster(node("n1")).running(ipip).foreign(newcomer).state();
    assertThat(SpecValidator.judge(ipip, beside)).isEqualTo(Decision.accept());
    assertThat(AdoptionValidator.candidate(ipip, beside)).isEmpty();
    assertThat(ForeignFlannelValidator.beside(ipip, beside).orElseThrow())
        .contains("DaemonSet kube-system/kube-flannel-ds");
    ClusterState adopting = cluster(node("n1")).running(ipip).foreign(marked).state();
    assertThat(SpecValidator.judge(ipip, adopting)).isEqualTo(Decision.accept());
    assertThat(AdoptionValidator.candidate(ipip, adopting)).contains(marked);
    assertThat(ForeignFlannelValidator.beside(ipip, adopting)).isEmpty();
  }

  @Test
  void aMarkNamesTheNetworkOrOneThatIsGone() {
    DesiredNetwork ipip =
        wanted("{cidr: 10.244.0.0/16, backend: {type: ipip}, cni: {version: 0.3.1}}");
    ForeignFlannel marked =
        Installs.with(
            "ipip-in-kube-system",
            it -> it.getMetadata().setAnnotations(Map.of("flannel.io/adopted-by", "before")));
    Clusters adopting = cluster(node("n1")).running(ipip).foreign(marked);
    assertThat(AdoptionValidator.candidate(ipip, adopting.state())).as("its heir").contains(marked);
    assertThat(
            AdoptionValidator.candidate(
                ipip, adopting.network("before", "2026-11-01T12:00:00Z").state()))
        .isEmpty();
  }

  @Test
  void aMarkThatSomebodyElseWroteIsNone() {
    DesiredNetwork ipip =
        wanted("{cidr: 10.244.0.0/16, backend: {type: ipip}, cni: {version: 0.3.1}}");
    ForeignFlannel strangers =
        Installs.with(
            "ipip-in-kube-system",
            it -> {
              it.getMetadata().setAnnotations(Map.of("flannel.io/adopted-by", "default"));
              it.getMetadata()
                  .setManagedFields(
                      List.of(
                          Serialization.unmarshal(
                              "---\n{manager: kubectl-annotate, operation: Update, fieldsV1:"
                                  + " {'f:metadata': {'f:annotations':"
                                  + " {'f:flannel.io/adopted-by': {}}}}}",
                              ManagedFieldsEntry.class)));
            });
    assertThat(strangers.adoptedBy()).isEmpty();
    assertThat(
            AdoptionValidator.candidate(
                ipip, cluster(node("n1")).running(ipip).foreign(strangers).state()))
        .isEmpty();
  }

  @Test
  void whatRunsAlreadyIsTakenOverWithItsFaults() {
    ClusterState faulty =
        cluster(node("n1").podCidr("10.1.1.0/24").internalIp("10.244.0.1"))
            .services("10.244.0.0/24")
            .foreign(Installs.found(MANIFEST))
            .state();
    assertThat(SpecValidator.judge(wanted(AS_IT_IS), faulty)).isEqualTo(Decision.accept());
  }

  /** Whatever the user wrote, the suggested spec equals what runs. */
  @Property(tries = 300)
  void theMatchingSpecHasNoDifference(
      @ForAll("installs") String install, @ForAll("specs") FlannelNetworkSpec written) {
    ForeignFlannel found = Installs.found(install);
    FlannelNetworkSpec matching = AdoptionValidator.matching(found, written).orElseThrow();
    assertThat(matching.rollout()).isEqualTo(written.rollout());
    assertThat(matching.deletionPolicy()).isEqualTo(written.deletionPolicy());
    assertThat(matching.paused()).isEqualTo(written.paused());
    ClusterState cluster =
        cluster(node("n1").label("pool", "a"), node("n2").taint("gpu", "", "NoExecute"))
            .foreign(found)
            .state();
    assertThat(
            AdoptionValidator.differences(found, DesiredNetwork.of("default", matching), cluster))
        .isEmpty();
  }

  @Test
  void theAgentsPortMakesWayForTheTunnels() {
    ForeignFlannel found =
        Installs.withNetConf(
            MANIFEST,
            "{\"Network\": \"10.244.0.0/16\", \"Backend\": {\"Type\": \"vxlan\", \"Port\": 8473}}");
    assertThat(AdoptionValidator.matching(found, Networks.spec(AS_IT_IS)).orElseThrow().health())
        .isEqualTo(Networks.spec("health: {port: 9473}").health());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "manifest-v0.25",
        "manifest-v0.28",
        "chart-v0.28",
        "vxlan-vni-port-direct-routing",
        "ipip-in-kube-system",
        "extra-arguments-private-registry"
      })
  void aDefaultNetworkIsOfferedWhatMatches(String install) {
    ForeignFlannel found = Installs.found(install);
    ClusterState cluster = cluster(node("n1")).foreign(found).state();
    DesiredNetwork asIs = wanted("{cidr: 10.244.0.0/16, backend: {type: host-gw}}");
    assertThat(SpecValidator.judge(asIs, cluster))
        .extracting("reason")
        .isEqualTo("AdoptionDiffers");
    FlannelNetworkSpec matching =
        AdoptionValidator.matching(found, Networks.spec("deletionPolicy: Retain")).orElseThrow();
    assertThat(SpecValidator.judge(DesiredNetwork.of("default", matching), cluster))
        .isEqualTo(Decision.accept());
  }

  private static Decision judge(String install, String spec) {
    return SpecValidator.judge(
        wanted(spec), cluster(node("n1")).foreign(Installs.found(install)).state());
  }

  private static Refuse refuse(String install, String spec) {
    return (Refuse) judge(install, spec);
  }

  private static List<String> differences(String install, String spec) {
    ForeignFlannel found = Installs.found(install);
    return AdoptionValidator.differences(
            found, wanted(spec), cluster(node("n1")).foreign(found).state())
        .stream()
        .map(FieldDiff::toString)
        .toList();
  }

  @Provide
  Arbitrary<String> installs() {
    return Arbitraries.of(
        "manifest-v0.25",
        "manifest-v0.28",
        "chart-v0.28",
        "vxlan-vni-port-direct-routing",
        "ipip-in-kube-system",
        "extra-arguments-private-registry");
  }

  @Provide
  Arbitrary<FlannelNetworkSpec> specs() {
    return Specs.specs();
  }
}

package io.flannel.operator.flannel.foreign;

import static io.flannel.operator.flannel.Installs.found;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.api.FlannelSpec;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.Installs;
import io.flannel.operator.flannel.Networks;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ForeignFlannelTest {
  private static final String MANIFEST = "manifest-v0.28";

  @Test
  void upstreamsManifestOfV25() {
    assertReadAs(
        "manifest-v0.25",
        """
        cidr: 10.244.0.0/16
        backend: {type: vxlan, vxlan: {vni: 1, port: 8472, gbp: false}}
        ipMasq: true
        nftables: false
        cni: {version: 0.3.1, binDir: /opt/cni/bin, confDir: /etc/cni/net.d}
        flannel:
          image: docker.io/flannel/flannel:v0.25.7
          cniPluginImage: docker.io/flannel/flannel-cni-plugin:v1.5.1-flannel2
          resources: {requests: {cpu: 100m, memory: 50Mi}}
          tolerations: [{operator: Exists, effect: NoSchedule}]
        """);
  }

  @Test
  void upstreamsManifestAndChartOfV28() {
    String spec =
        """
        cidr: 10.244.0.0/16
        backend: {type: vxlan, vxlan: {vni: 1, port: 8472, gbp: false}}
        ipMasq: true
        nftables: false
        cni: {version: 0.3.1, binDir: /opt/cni/bin, confDir: /etc/cni/net.d}
        flannel:
          image: ghcr.io/flannel-io/flannel:v0.28.10
          cniPluginImage: ghcr.io/flannel-io/flannel-cni-plugin:v1.9.1-flannel3
          resources: {requests: {cpu: 100m, memory: 50Mi}}
          tolerations: [%s{operator: Exists, effect: NoSchedule}]
        """;
    assertReadAs(MANIFEST, spec.formatted(""));
    assertReadAs("chart-v0.28", spec.formatted("{operator: Exists, effect: NoExecute}, "));
  }

  @Test
  void customisedOnes() {
    assertThat(spec("vxlan-vni-port-direct-routing"))
        .contains("vni: 4096", "port: 4789", "directRouting: true")
        .contains("mtu: 1400"); // less vxlan's 50
    assertThat(found("ipip-in-kube-system").daemonSet()).isEqualTo("kube-system/kube-flannel-ds");
    assertThat(spec("ipip-in-kube-system")).contains("type: \"ipip\"").doesNotContain("mtu");
    assertThat(spec("extra-arguments-private-registry"))
        .contains(
            "regex: \"^eth[01]$\"", "ipMasq: true", "- \"--iptables-resync=30\"", "- \"--v=2\"")
        .contains("image: \"registry.example.org/net/flannel:v0.27.4\"", "name: \"registry\"");
  }

  /** Kubernetes accepts a ServiceAccount's pull secret without a name, and the same one twice. */
  @Test
  void aPullSecretWithoutANameIsNone() {
    ServiceAccount account =
        new ServiceAccountBuilder()
            .addNewImagePullSecret(null)
            .addNewImagePullSecret("")
            .addNewImagePullSecret("a")
            .addNewImagePullSecret("a")
            .build();
    assertThat(secrets(account)).containsExactly(new FlannelSpec.PullSecret("a"));
    account.setImagePullSecrets(account.getImagePullSecrets().subList(0, 2));
    assertThat(secrets(account)).isNull();
  }

  private static List<FlannelSpec.PullSecret> secrets(ServiceAccount account) {
    ForeignFlannel found =
        ForeignFlannel.of(
            Installs.daemonSet(MANIFEST),
            Optional.of(Installs.configMap(MANIFEST)),
            Optional.of(account));
    return found.spec().orElseThrow().flannel().imagePullSecrets();
  }

  @Test
  void settingThatAFlannelNetworkCantExpressIsNamed() {
    ForeignFlannel refused = found("refused-sidecar-and-bandwidth");
    assertThat(refused.spec()).isEmpty();
    assertThat(refused.unsupported())
        .containsExactlyInAnyOrder(
            "container kube-network-policies",
            "environment variable FLANNELD_IFACE=eth0",
            "volume lib-modules",
            "cni-conf.json: plugin bandwidth");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"Type\": \"udp\"} | Backend.Type udp",
        "{\"Type\": \"extension\"} | Backend.Type extension",
        "{\"Type\": \"ipsec\"} | Backend.Type ipsec",
        "{\"Type\": \"alloc\"} | Backend.Type alloc",
        "{\"Type\": \"vxlan\", \"Learning\": true} | Backend.Learning true",
        "{\"Type\": \"wireguard\", \"PSK\": \"x\"} | Backend.PSK, a key in a ConfigMap",
        "{\"Type\": \"wireguard\", \"Mode\": \"auto\"} | Backend.Mode auto",
      })
  void aBackendWithoutAPlaceIsNamed(String backend, String named) {
    assertThat(network("\"Network\": \"10.244.0.0/16\", \"Backend\": " + backend).unsupported())
        .containsExactly("net-conf.json: " + named);
  }

  @Test
  void familiesAndRanges() {
    assertThat(network("\"Backend\": {\"Type\": \"vxlan\"}").unsupported())
        .containsExactly("net-conf.json: EnableIPv4 without a valid Network");
    assertThat(network("\"EnableIPv4\": false, \"Backend\": {\"Type\": \"vxlan\"}").unsupported())
        .containsExactly("net-conf.json: neither EnableIPv4 nor EnableIPv6");
    ForeignFlannel ipv6 =
        network(
            "\"EnableIPv4\": false, \"EnableIPv6\": true, \"IPv6Network\": \"fd00::/56\","
                + " \"Backend\": {\"Type\": \"host-gw\"}");
    assertThat(ipv6.spec().orElseThrow().cidr()).isNull();
    assertThat(ipv6.spec().orElseThrow().ipv6CIDR()).isEqualTo(Cidr.parse("fd00::/56").toString());
    assertThat(
            network(
                    "\"Network\": \"10.244.0.0/16\", \"EnableIPv6\": true, \"IPv6Network\":"
                        + " \"fd00::/56\", \"Backend\": {\"Type\": \"wireguard\", \"ListenPort\":"
                        + " 5000}")
                .unsupported())
        .containsExactly("net-conf.json: Backend.ListenPortV6 51821, not ListenPort + 1");
  }

  @Test
  void aPodMtuOfItsOwnHasNoPlaceWhereTheDeviceHasOne() {
    assertThat(withCni(cni -> cni.replace("\"hairpinMode\"", "\"mtu\": 1400, \"hairpinMode\"")))
        .containsExactly(
            "cni-conf.json: delegate.mtu 1400 with Backend.MTU left out in net-conf.json");
  }

  @Test
  void anEditedCniConfigurationIsNamed() {
    assertThat(withCni(cni -> cni.replace("\"hairpinMode\": true", "\"hairpinMode\": false")))
        .containsExactly("cni-conf.json: plugin flannel, delegate.hairpinMode false");
    assertThat(withCni(cni -> cni.replace("cbr0", "pods")))
        .containsExactly("cni-conf.json: name \"pods\"");
    assertThat(withCni(cni -> cni.replaceAll(",\\s*\\{\"type\": \"portmap\".*", "")))
        .containsExactly("cni-conf.json: without plugin portmap");
  }

  @Test
  void aMissingConfigMapIsNamed() {
    assertThat(
            ForeignFlannel.of(Installs.daemonSet(MANIFEST), Optional.empty(), Optional.empty())
                .unsupported())
        .containsExactly(
            "ConfigMap kube-flannel/kube-flannel-cfg, which is missing or whose net-conf.json is no"
                + " JSON object");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--subnet-file=/x",
        "--net-config-path=/x",
        "--kube-annotation-prefix=x",
      })
  void aFlagThatTheOperatorFixesIsNamed(String flag) {
    assertThat(Installs.withArgs(MANIFEST, "--kube-subnet-mgr", flag).unsupported())
        .containsExactly("argument " + flag);
  }

  @Test
  void etcdAndSeveralInterfacesAreNamed() {
    assertThat(Installs.withArgs(MANIFEST, "--iface=eth0", "--iface", "eth1").unsupported())
        .containsExactly(
            "flanneld without --kube-subnet-mgr",
            "several interfaces to choose from: --iface=eth0 --iface=eth1");
  }

  /** A pod that names no pull secrets gets those of its ServiceAccount. */
  @Test
  void thePullSecretsMayBeTheServiceAccounts() {
    ServiceAccount account =
        new ServiceAccountBuilder().addNewImagePullSecret("of-the-account").build();
    assertThat(pullSecrets(MANIFEST, account)).containsExactly("of-the-account");
    assertThat(pullSecrets("extra-arguments-private-registry", account))
        .containsExactly("registry");
  }

  private static List<String> pullSecrets(String install, ServiceAccount account) {
    ForeignFlannel found =
        ForeignFlannel.of(
            Installs.daemonSet(install),
            Optional.of(Installs.configMap(install)),
            Optional.of(account));
    return found.spec().orElseThrow().flannel().imagePullSecrets().stream()
        .map(FlannelSpec.PullSecret::name)
        .toList();
  }

  @Test
  void podsThatAreMadeOtherwiseAreNamed() {
    assertThat(withPod(pod -> pod.setHostNetwork(null)))
        .containsExactly("pod template: without hostNetwork");
    assertThat(withPod(pod -> pod.setPriorityClassName("high")))
        .containsExactly("pod template: priorityClassName high");
    assertThat(withPod(pod -> pod.setHostPID(true))).containsExactly("pod template: hostPID true");
    assertThat(withPod(pod -> pod.getInitContainers().removeLast()))
        .containsExactly("without init container install-cni");
    assertThat(
            withPod(
                pod ->
                    pod.getInitContainers()
                        .getFirst()
                        .setResources(
                            new ResourceRequirementsBuilder()
                                .addToLimits("memory", new Quantity("32Mi"))
                                .build())))
        .containsExactly("init container install-cni-plugin: resources");
    assertThat(
            withPod(pod -> pod.getContainers().getFirst().getSecurityContext().setPrivileged(true)))
        .singleElement()
        .asString()
        .startsWith("container kube-flannel: securityContext");
    assertThat(
            withPod(pod -> pod.getContainers().getFirst().getEnv().add(new EnvVar("X", "1", null))))
        .containsExactly("environment variable X=1");
    assertThat(withPod(pod -> pod.getVolumes().getFirst().getHostPath().setPath("/x")))
        .containsExactly("volume run");
    assertThat(
            withPod(
                pod ->
                    matchExpressions(pod)
                        .add(new NodeSelectorRequirement("pool", "NotIn", List.of("a")))))
        .containsExactly("nodeAffinity: pool NotIn [a]");
    assertThat(
            Installs.with(
                    MANIFEST, it -> it.getSpec().getSelector().setMatchLabels(Map.of("app", "x")))
                .unsupported())
        .containsExactly("selector {app=x}");
  }

  @Test
  void aRequiredLabelIsANodeSelector() {
    ForeignFlannel found =
        Installs.with(
            MANIFEST,
            it ->
                matchExpressions(it.getSpec().getTemplate().getSpec())
                    .add(new NodeSelectorRequirement("pool", "In", List.of("a"))));
    assertThat(found.spec().orElseThrow().flannel().nodeSelector())
        .containsExactly(Map.entry("pool", "a"));
  }

  private static List<NodeSelectorRequirement> matchExpressions(PodSpec pod) {
    return pod.getAffinity()
        .getNodeAffinity()
        .getRequiredDuringSchedulingIgnoredDuringExecution()
        .getNodeSelectorTerms()
        .getFirst()
        .getMatchExpressions();
  }

  private static List<String> withPod(Consumer<PodSpec> change) {
    return Installs.with(MANIFEST, it -> change.accept(it.getSpec().getTemplate().getSpec()))
        .unsupported();
  }

  private static List<String> withCni(UnaryOperator<String> change) {
    return Installs.withFile(MANIFEST, "cni-conf.json", change).unsupported();
  }

  private static ForeignFlannel network(String netConf) {
    return Installs.withNetConf(MANIFEST, "{" + netConf + "}");
  }

  private static void assertReadAs(String name, String spec) {
    assertThat(found(name).unsupported()).isEmpty();
    assertThat(found(name).spec()).contains(Networks.spec(spec));
  }

  private static String spec(String name) {
    assertThat(found(name).unsupported()).isEmpty();
    return Serialization.asYaml(found(name).spec().orElseThrow());
  }
}

package io.flannel.operator.render;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.api.FlannelNetworkSpec;
import io.flannel.operator.flannel.BackendWireguard;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.NetConf;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.flannel.Specs;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class FlannelTest {
  /** The network of docs/samples/ipip.yaml. */
  private static final String IPIP = "{cidr: 10.244.0.0/16, backend: {type: ipip}}";

  static final String WIREGUARD_WITH_EVERYTHING =
      """
      cidr: 10.244.0.0/16
      ipv6CIDR: fd00:10:244::/56
      backend:
        type: wireguard
        wireguard: {port: 51900, keepaliveSeconds: 5, pskSecret: {name: flannel-psk, key: key}}
      mtu: 1380
      interface: {regex: ^eth1$}
      ipMasq: false
      nftables: true
      cni: {version: 0.4.0, binDir: /usr/lib/cni, confDir: /var/lib/cni/net.d}
      flannel:
        image: registry.example/flannel@sha256:0123456789abcdef
        cniPluginImage: registry.example/cni-plugin:v1
        imagePullPolicy: Always
        imagePullSecrets: [{name: pull}]
        resources:
          limits: {memory: 100Mi, cpu: '1'}
          requests: {memory: 60Mi, cpu: 200m}
        tolerations:
        - {operator: Exists, effect: NoSchedule}
        - {key: dedicated, value: network, effect: NoExecute, tolerationSeconds: 60}
        nodeSelector: {example.com/pool: workers}
        extraArgs: [--iptables-resync=30, -v=4]
      rollout: {maxUnavailable: 25%}
      """;

  @Example
  void thePreSharedKeyIsPutInOnTheNodeBetweenPluginAndConfiguration() {
    PodSpec pod =
        daemonSet(Networks.wanted(WIREGUARD_WITH_EVERYTHING)).getSpec().getTemplate().getSpec();
    assertThat(pod.getInitContainers())
        .extracting(Container::getName)
        .containsExactly("install-cni-plugin", "put-in-psk", "install-cni", "keep-routes");
    assertThat(pod.getContainers().getFirst().getVolumeMounts())
        .extracting(VolumeMount::getName)
        .describedAs("flanneld reads the finished file")
        .contains("flannel-cfg-with-psk")
        .doesNotContain("flannel-cfg");
  }

  @Property
  void everyValidSpecRendersTheSameSixObjectsEachTime(@ForAll("specs") FlannelNetworkSpec spec) {
    List<HasMetadata> rendered = Flannel.render(DesiredNetwork.of("default", spec));
    assertThat(rendered)
        .extracting(object -> object.getKind() + " " + object.getMetadata().getName())
        .containsExactly(
            "Namespace kube-flannel",
            "ServiceAccount flannel",
            "ClusterRole flannel",
            "ClusterRoleBinding flannel",
            "ConfigMap kube-flannel-cfg-" + NetConf.of(DesiredNetwork.of("default", spec)).hash(),
            "DaemonSet kube-flannel-ds");
    assertThat(yaml(rendered)).isEqualTo(yaml(Flannel.render(DesiredNetwork.of("default", spec))));
  }

  @Property
  void everyObjectCarriesTheNetworksLabel(@ForAll("networks") DesiredNetwork network) {
    assertThat(Flannel.render(network))
        .allSatisfy(
            object ->
                assertThat(object.getMetadata().getLabels())
                    .containsEntry("flannel.io/network", "default")
                    .containsEntry("app.kubernetes.io/managed-by", "flannel-operator"));
  }

  @Property
  void namespacedObjectsAreInFlannelsNamespace(@ForAll("networks") DesiredNetwork network) {
    assertThat(Flannel.render(network))
        .allSatisfy(
            object ->
                assertThat(object.getMetadata().getNamespace())
                    .isEqualTo(
                        List.of("ServiceAccount", "ConfigMap", "DaemonSet")
                                .contains(object.getKind())
                            ? "kube-flannel"
                            : null));
  }

  @Property
  void thePodsMountTheConfigurationOfThisNetwork(@ForAll("networks") DesiredNetwork network) {
    NetConf conf = NetConf.of(network);
    ConfigMap configMap = (ConfigMap) Flannel.render(network).get(4);
    assertThat(configMap.getImmutable()).isTrue();
    assertThat(configMap.getData())
        .isEqualTo(
            Map.of("net-conf.json", conf.netConfJson(), "cni-conf.json", conf.cniConfJson()));
    assertThat(pod(network).getVolumes())
        .filteredOn(volume -> volume.getConfigMap() != null)
        .extracting(Volume::getName, volume -> volume.getConfigMap().getName())
        .containsExactly(tuple("flannel-cfg", configMap.getMetadata().getName()));
  }

  @Property
  void everyMountHasItsVolumeAndEveryVolumeItsMount(@ForAll("networks") DesiredNetwork network) {
    PodSpec pod = pod(network);
    assertThat(pod.getVolumes()).extracting(Volume::getName).doesNotHaveDuplicates();
    assertThat(
            containers(pod)
                .flatMap(container -> container.getVolumeMounts().stream())
                .map(VolumeMount::getName)
                .collect(Collectors.toSet()))
        .isEqualTo(pod.getVolumes().stream().map(Volume::getName).collect(Collectors.toSet()));
    assertThat(containers(pod))
        .allSatisfy(
            container ->
                assertThat(container.getVolumeMounts())
                    .extracting(VolumeMount::getMountPath)
                    .doesNotHaveDuplicates());
  }

  @Property
  void theSelectorFindsThePods(@ForAll("networks") DesiredNetwork network) {
    var spec = daemonSet(network).getSpec();
    assertThat(spec.getTemplate().getMetadata().getLabels())
        .containsAllEntriesOf(spec.getSelector().getMatchLabels());
    assertThat(spec.getSelector().getMatchLabels())
        .describedAs("immutable, so the same for ever")
        .isEqualTo(Map.of("app", "flannel"));
  }

  @Example
  void anOlderImageIsStartedAsItCanBe() {
    PodSpec old =
        pod(Networks.wanted(IPIP.replace("}}", "}, flannel: {image: 'x/flannel:v0.25.7'}}")));
    assertThat(old.getInitContainers().get(1))
        .satisfies(
            installConf -> {
              assertThat(installConf.getCommand()).containsExactly("cp", "-f");
              assertThat(installConf.getArgs())
                  .containsExactly(
                      "/etc/kube-flannel/cni-conf.json", "/etc/cni/net.d/10-flannel.conflist");
            });
    assertThat(old.getContainers().getFirst().getReadinessProbe().getHttpGet().getPath())
        .isEqualTo("/healthz");
  }

  @Example
  void theTunnelsDeviceIsMadeWithTheNetworksMtuWhereFlannelHasOne() {
    String network = "{cidr: 10.244.0.0/16, mtu: 1300, backend: {type: %s}}";
    assertThat(tunnel("{cidr: 10.244.0.0/16, backend: {type: vxlan}}"))
        .containsExactly("TUNNEL", "TUNNEL_TYPE", "HOST_IP");
    assertThat(tunnel(network.formatted("vxlan")))
        .containsExactly("TUNNEL", "TUNNEL_TYPE", "HOST_IP", "TUNNEL_MTU");
    assertThat(tunnel(network.formatted("ipip")))
        .containsExactly("TUNNEL", "TUNNEL_TYPE", "HOST_IP");
    assertThat(tunnel(network.formatted("wireguard"))).isEmpty();
    assertThat(tunnel("{ipv6CIDR: 'fd00:10:244::/56', backend: {type: vxlan}}"))
        .containsExactly("TUNNEL_TYPE", "HOST_IP", "TUNNEL6");
  }

  @Example
  void aRevisionNamesATemplateByItsContent() {
    String revision = Flannel.revision(Flannel.template(Networks.wanted(IPIP)));
    assertThat(revision)
        .matches("[0-9a-f]{10}")
        .isEqualTo(Flannel.revision(Flannel.template(Networks.wanted(IPIP))))
        .isNotEqualTo(Flannel.revision(Flannel.template(Networks.vxlan("10.244.0.0/16"))));
  }

  @Property
  void everyContainerHasImageNameAndCommand(@ForAll("networks") DesiredNetwork network) {
    assertThat(containers(pod(network)))
        .allSatisfy(
            container -> {
              assertThat(container.getImage()).isNotBlank();
              assertThat(container.getCommand()).isNotEmpty();
              assertThat(container.getImagePullPolicy())
                  .isEqualTo(network.pods().imagePullPolicy().orElse(null));
            })
        .extracting(Container::getName)
        .doesNotHaveDuplicates();
  }

  @Property
  void flanneldsArgumentsAreTheOperatorsThenTheUsersEachOnce(
      @ForAll("networks") DesiredNetwork network) {
    List<String> args = pod(network).getContainers().getFirst().getArgs();
    assertThat(args)
        .doesNotHaveDuplicates()
        .contains("--kube-subnet-mgr", "--healthz-ip=127.0.0.1", "--healthz-port=8081")
        .containsAll(network.interfaceArgs());
    assertThat(args.contains("--ip-masq")).isEqualTo(network.ipMasq());
    assertThat(args.subList(args.size() - network.pods().extraArgs().size(), args.size()))
        .isEqualTo(network.pods().extraArgs());
  }

  @Property
  void initContainersComeInOrder(@ForAll("networks") DesiredNetwork network) {
    boolean psk =
        network.backend() instanceof BackendWireguard wireguard && wireguard.psk().isPresent();
    assertThat(pod(network).getInitContainers())
        .extracting(Container::getName)
        .isEqualTo(
            psk
                ? List.of("install-cni-plugin", "put-in-psk", "install-cni", "keep-routes")
                : List.of("install-cni-plugin", "install-cni", "keep-routes"));
  }

  @Property
  void lastWordsOfEveryContainerAreInThePodsStatus(@ForAll("networks") DesiredNetwork network) {
    assertThat(containers(pod(network)))
        .extracting(Container::getTerminationMessagePolicy)
        .containsOnly("FallbackToLogsOnError");
  }

  @Property
  void onlyAWireguardPodSeesASecret(@ForAll("networks") DesiredNetwork network) {
    long secrets =
        containers(pod(network))
            .flatMap(container -> container.getEnv().stream())
            .map(EnvVar::getValueFrom)
            .filter(from -> from != null && from.getSecretKeyRef() != null)
            .count();
    boolean psk =
        network.backend() instanceof BackendWireguard wireguard && wireguard.psk().isPresent();
    assertThat(secrets).isEqualTo(psk ? 1 : 0);
  }

  @Property
  void podsRunOnTheHostsNetworkWithTheWantedSelectorAndPace(
      @ForAll("networks") DesiredNetwork network) {
    PodSpec pod = pod(network);
    assertThat(pod.getHostNetwork()).isTrue();
    assertThat(pod.getNodeSelector()).isEqualTo(network.pods().nodeSelector());
    assertThat(pod.getTolerations()).hasSameSizeAs(network.pods().tolerations());
    IntOrString maxUnavailable =
        daemonSet(network).getSpec().getUpdateStrategy().getRollingUpdate().getMaxUnavailable();
    assertThat(String.valueOf(maxUnavailable.getValue())).isEqualTo(network.maxUnavailable());
    assertThat(maxUnavailable.getIntVal() == null)
        .isEqualTo(network.maxUnavailable().endsWith("%"));
  }

  @Provide
  Arbitrary<FlannelNetworkSpec> specs() {
    return Specs.specs();
  }

  @Provide
  Arbitrary<DesiredNetwork> networks() {
    return Specs.networks();
  }

  /** Returns the names of the variables that tell what device to make. */
  private static List<String> tunnel(String spec) {
    return pod(Networks.wanted(spec)).getInitContainers().getLast().getEnv().stream()
        .map(EnvVar::getName)
        .filter(name -> !name.startsWith("NET"))
        .toList();
  }

  private static Stream<Container> containers(PodSpec pod) {
    return Stream.concat(pod.getInitContainers().stream(), pod.getContainers().stream());
  }

  private static PodSpec pod(DesiredNetwork network) {
    return daemonSet(network).getSpec().getTemplate().getSpec();
  }

  private static DaemonSet daemonSet(DesiredNetwork network) {
    return (DaemonSet) Flannel.render(network).getLast();
  }

  private static String yaml(List<HasMetadata> objects) {
    return objects.stream().map(Serialization::asYaml).collect(Collectors.joining());
  }
}

package io.flannel.operator.flannel;

import static io.flannel.operator.flannel.Nodes.node;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.flannel.ClusterNode.Readiness;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClusterNodeTest {
  @Test
  void whatMattersOfANodeIsRead() {
    ClusterNode node =
        read(
            """
            metadata:
              name: n1
              creationTimestamp: "2026-11-01T00:00:00Z"
              labels: {kubernetes.io/os: linux}
              annotations:
                flannel.alpha.coreos.com/backend-type: ipip
                flannel.alpha.coreos.com/public-ip: 192.168.0.81
                other.example/backend-type: vxlan
            spec:
              podCIDR: 10.244.1.0/24
              podCIDRs: [10.244.1.0/24, 'fd00::/64']
              taints: [{key: dedicated, effect: NoSchedule}]
            status:
              addresses:
              - {type: Hostname, address: n1}
              - {type: ExternalIP, address: 203.0.113.1}
              - {type: InternalIP, address: 192.168.0.81}
              - {type: InternalIP, address: 'fd01::81'}
              conditions: [{type: MemoryPressure, status: 'False'}, {type: Ready, status: 'True'}]
              nodeInfo: {kubeletVersion: v1.34.1+k3s1}
            """);

    assertThat(node)
        .isEqualTo(
            new ClusterNode(
                "n1",
                Map.of("kubernetes.io/os", "linux"),
                List.of(new ClusterNode.Taint("dedicated", "", "NoSchedule")),
                List.of("10.244.1.0/24", "fd00::/64"),
                List.of("192.168.0.81", "fd01::81"),
                Map.of("backend-type", "ipip", "public-ip", "192.168.0.81"),
                Readiness.READY,
                Instant.parse("2026-11-01T00:00:00Z"),
                "v1.34.1+k3s1"));
    assertThat(node.podCidr(Cidr.Family.IPV6)).contains(Cidr.parse("fd00::/64"));
  }

  @Test
  void aBootAfterItJoinedIsItsStart() {
    ClusterNode node = Nodes.node("n1").get();
    Optional<Instant> change = Optional.of(node.started().plusSeconds(60));
    assertThat(node.startedAfter(change)).isFalse();
    assertThat(node.startedAfter(Optional.empty())).isFalse();
    assertThat(node.bootedAt("2026-11-23T10:00:00Z").startedAfter(change)).isTrue();
    for (String nothing : Arrays.asList(null, "", "yesterday", "2026-10-31T00:00:00Z")) {
      assertThat(node.bootedAt(nothing)).as(nothing).isEqualTo(node);
    }
  }

  @Test
  void aNodeThatHasNothingYetIsEmptyAndNotReady() {
    ClusterNode empty =
        new ClusterNode(
            "n1",
            Map.of(),
            List.of(),
            List.of(),
            List.of(),
            Map.of(),
            Readiness.NOT_READY,
            Instant.EPOCH,
            "");
    assertThat(read("{metadata: {name: n1}}")).isEqualTo(empty);
    assertThat(read("{metadata: {name: n1}, spec: {}, status: {}}")).isEqualTo(empty);
    assertThat(read("{metadata: {name: n1}, spec: {podCIDR: ''}, status: {addresses: []}}"))
        .isEqualTo(empty);
    assertThat(
            ClusterNode.of(
                new NodeBuilder().withNewMetadata().withName("n1").endMetadata().build()))
        .isEqualTo(empty);
  }

  @Test
  void anOldNodesOnePodCidrCounts() {
    assertThat(read("{metadata: {name: n1}, spec: {podCIDR: 10.244.1.0/24}}").podCidrs())
        .containsExactly("10.244.1.0/24");
  }

  @ParameterizedTest
  @ValueSource(strings = {"False", "Unknown"})
  void onlyReadyIsReady(String status) {
    assertThat(
            read("{metadata: {name: n1}, status: {conditions: [{type: Ready, status: '%s'}]}}"
                    .formatted(status))
                .ready())
        .isFalse();
  }

  @Test
  void podCidrsThatFlannelCouldNotReadAreNone() {
    ClusterNode node = node("n1").podCidr("010.244.1.0/24", "junk", "fd00::/64").get();
    assertThat(node.podCidr(Cidr.Family.IPV4)).isEmpty();
    assertThat(node.podCidr(Cidr.Family.IPV6)).contains(Cidr.parse("fd00::/64"));
  }

  @Test
  void anAddressThatIsNoneIsInNoRange() {
    List<Cidr> all = List.of(Cidr.parse("0.0.0.0/0"), Cidr.parse("::/0"));
    assertThat(node("n1").internalIp("n1.example", "").get().hasAddressIn(all)).isFalse();
    assertThat(node("n1").internalIp("junk", "fd01::81").get().hasAddressIn(all)).isTrue();
    assertThat(
            node("n1")
                .internalIp("192.168.0.81")
                .get()
                .hasAddressIn(List.of(Cidr.parse("10.0.0.0/8"), Cidr.parse("fd00::/8"))))
        .isFalse();
    assertThat(
            read("{metadata: {name: n1}, status: {addresses: [{type: InternalIP}]}}").internalIps())
        .isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      value = {
        "{\"VNI\":1,\"VtepMAC\":\"12:c6:65:89:b4:e3\"} | 12:c6:65:89:b4:e3",
        "{\"VtepMAC\":\"12:C6:65:89:B4:E3\"} | 12:c6:65:89:b4:e3",
        "{\"VtepMAC\":\"12:c6:65:89:b4\"} | -",
        "{\"VtepMAC\":7} | -",
        "{\"PublicKey\":\"k\",\"Port\":51820} | -",
        "null | -",
        "{ | -",
        "'' | -"
      })
  void theMacOfAVxlanDeviceIsReadFromTheBackendsData(String data, @Nullable String mac) {
    assertThat(
            Lease.of(
                node("n1").leased("vxlan", "192.168.0.81").flannel("backend-data", data).get()))
        .get()
        .satisfies(
            lease -> {
              assertThat(lease.vtepMac(Cidr.Family.IPV4)).isEqualTo(Optional.ofNullable(mac));
              assertThat(lease.vtepMac(Cidr.Family.IPV6)).isEmpty();
            });
  }

  @ParameterizedTest
  @CsvSource({"'{\"VNI\":7,\"VtepMAC\":\"\"}', 7", "'{\"VNI\":\"7\"}', -1", "null, -1", "'{', -1"})
  void theVniIsReadFromTheBackendsData(String data, int vni) {
    assertThat(
            Lease.of(node("n1").leased("vxlan", "192.168.0.81").flannel("backend-data", data).get())
                .orElseThrow()
                .vni()
                .orElse(-1))
        .isEqualTo(vni);
  }

  @Test
  void aLeaseIsWhatFlannelRegistered() {
    assertThat(Lease.of(node("n1").leased("ipip", "192.168.0.81").get()))
        .contains(
            new Lease(
                "ipip",
                Optional.of(Cidr.ofAddress("192.168.0.81")),
                Optional.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                Optional.empty()));
    assertThat(Lease.of(node("n1").leased("vxlan", "192.168.0.81", "fd01::81").get()))
        .get()
        .satisfies(
            lease -> {
              assertThat(lease.publicIp(Cidr.Family.IPV6)).contains(Cidr.ofAddress("fd01::81"));
              assertThat(lease.underlay()).contains(Cidr.ofAddress("192.168.0.81"));
            });
  }

  @Test
  void aNodeThatFlannelDidNotRegisterHasNoLease() {
    assertThat(Lease.of(node("n1").get())).isEmpty();
    assertThat(Lease.of(node("n1").flannel("backend-type", "ipip").get())).isEmpty();
    assertThat(
            Lease.of(
                node("n1").leased("ipip", "1.2.3.4").flannel("kube-subnet-manager", "false").get()))
        .isEmpty();
    assertThat(Lease.of(node("n1").flannel("kube-subnet-manager", "true").get())).isEmpty();
  }

  /** Without IPv4, host-gw and wireguard publish 0.0.0.0 (pkg/subnet/kube/kube.go). */
  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "", "junk", "192.168.0.81/24"})
  void aPublicIpThatNobodyCanSendToIsNone(String text) {
    assertThat(Lease.of(node("n1").leased("host-gw", text, "fd01::81").get()))
        .get()
        .satisfies(
            lease -> {
              assertThat(lease.publicIp()).isEmpty();
              assertThat(lease.underlay()).contains(Cidr.ofAddress("fd01::81"));
            });
  }

  @ParameterizedTest
  @CsvSource({
    "ghcr.io/flannel-io/flannel:v0.28.10, v0.28.10",
    "flannel, latest",
    "registry.example:5000/flannel, latest",
    "registry.example:5000/flannel:v1, v1",
    "registry.example:5000/a/b@sha256:0123, sha256:0123",
    "flannel:v1@sha256:0123, sha256:0123",
    "@sha256:0123, sha256:0123",
  })
  void flannelsVersionIsItsImagesTagOrDigest(String image, String version) {
    assertThat(Pods.versionOf(image)).isEqualTo(version);
  }

  private static ClusterNode read(String yaml) {
    return ClusterNode.of(Serialization.unmarshal("---\n" + yaml, Node.class));
  }
}

package io.flannel.operator.agent.tasks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.flannel.operator.agent.checks.Iproute2;
import io.flannel.operator.decide.leftover.LeftOverTask;
import io.flannel.operator.decide.leftover.LeftOversFound;
import io.flannel.operator.decide.task.TaskResult;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.testing.process.NetworkNamespace;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Runs the task with the real ip on a node in a network namespace of this machine's kernel, after a
 * change from vxlan with VNI 1 to VNI 7 or to host-gw.
 */
class LeftOversTaskTest {
  private static final String NODE =
      """
      ip link set lo up
      ip link add eth0 type veth peer name wire
      ip link set wire up
      ip link set eth0 up
      ip addr add 192.168.0.81/24 dev eth0
      ip -6 addr add fd00:1::81/64 dev eth0 nodad
      ip route add default via 192.168.0.1
      ip link add cni0 type bridge
      ip link set cni0 up
      ip addr add 10.244.1.1/24 dev cni0
      ip link add flannel.1 type vxlan id 1 local 192.168.0.81 dev eth0 dstport 8472 nolearning
      ip link set flannel.1 up
      ip addr add 10.244.1.0/32 dev flannel.1
      ip neigh add 10.244.2.0 lladdr 12:c6:65:89:b4:00 dev flannel.1 nud permanent
      bridge fdb add 12:c6:65:89:b4:00 dev flannel.1 dst 192.168.0.82 self permanent
      ip link add vxlan.office type vxlan id 9 local 192.168.0.81 dev eth0 dstport 4789
      ip link set vxlan.office up
      ip route add 10.9.0.0/16 via 192.168.0.9
      ip route add 10.244.77.0/24 via 192.168.0.77 proto static
      """;

  private static final String HOST_GW =
      """
      ip route add 10.244.2.0/24 via 192.168.0.82 dev eth0
      ip route add 10.244.3.0/24 via 192.168.0.83 dev eth0
      """;

  private static final String COPIES =
      """
      ip route add 10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink metric 4096
      ip route add 10.244.3.0/24 via 10.244.3.0 dev flannel.1 onlink metric 4096
      """;

  private NetworkNamespace node;
  private Iproute2 iproute2;

  @BeforeEach
  void makeNode() {
    assumeTrue(NetworkNamespace.canBeMade(), "needs root, and vxlan in the kernel");
    node = new NetworkNamespace();
    node.run(NODE);
    iproute2 =
        new Iproute2(
            Stream.concat(node.asNobody().stream(), Stream.of("ip")).toList(),
            Stream.concat(node.asNobody().stream(), Stream.of("bridge")).toList(),
            Duration.ofSeconds(30));
  }

  @AfterEach
  void removeNode() {
    if (node != null) {
      iproute2.close();
      node.close();
    }
  }

  @Test
  void theOldDeviceAndTheCopiesGoAndNothingElse() {
    String before = node.output("ip route show");
    String linksBefore = links();
    node.run(HOST_GW + COPIES + "ip route add 10.244.9.0/24 via 10.244.9.0 dev flannel.1 onlink");

    TaskResult result = run(hostGw("10.244.2.0/24", "10.244.3.0/24"));

    assertThat(result.said()).startsWith("removed ").contains("flannel.1 (vxlan)");
    assertThat(result.done()).isTrue();
    assertThat(node.output("ip route show"))
        .isEqualToNormalizingWhitespace(
            before.replace(
                "10.244.77.0/24",
                "10.244.2.0/24 via 192.168.0.82 dev eth0 \n"
                    + "10.244.3.0/24 via 192.168.0.83 dev eth0 \n"
                    + "10.244.77.0/24"));
    assertThat(linksBefore.lines().filter(line -> !line.startsWith("flannel.1")).toList())
        .containsExactlyElementsOf(links().lines().toList());
    assertThat(run(hostGw("10.244.2.0/24", "10.244.3.0/24")))
        .isEqualTo(TaskResult.done("removed nothing"));
  }

  @Test
  void whatTheDeviceThatStaysKnowsOfNodesThatAreGone() {
    node.run(
        """
        ip route add 10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink
        ip route add 10.244.9.0/24 via 10.244.9.0 dev flannel.1 onlink
        ip neigh add 10.244.9.0 lladdr 12:c6:65:89:b4:09 dev flannel.1 nud permanent
        bridge fdb add 12:c6:65:89:b4:09 dev flannel.1 dst 192.168.0.89 self permanent
        ip neigh add 10.244.8.0 lladdr 12:c6:65:89:b4:00 dev flannel.1 nud permanent
        ip neigh add 10.244.8.9 lladdr 12:c6:65:89:b4:89 dev flannel.1 nud permanent
        ip neigh add 10.244.7.0 lladdr 12:c6:65:89:b4:07 dev eth0 nud permanent
        ip neigh add 10.9.0.0 lladdr 12:c6:65:89:b4:90 dev flannel.1 nud permanent
        bridge fdb add 12:c6:65:89:b4:90 dev flannel.1 dst 192.168.0.90 self permanent
        """);

    String before = tables();
    TaskResult first = run(vxlan("10.244.2.0/24"));
    assertThat(first.said()).startsWith("removed nothing; found").contains("10.244.8.0/24");
    assertThat(tables())
        .as("whose nodes may have joined since the order was written")
        .isEqualTo(before);
    assertThat(LeftOversFound.suspected(Set.of(), Optional.of(first)))
        .extracting(Cidr::toString)
        .containsExactlyInAnyOrder("10.244.8.0/24", "10.244.9.0/24");

    TaskResult result = run(gone(vxlan("10.244.2.0/24"), "10.244.8.0/24", "10.244.9.0/24"));

    assertThat(result.said())
        .contains("10.244.9.0/24 via 10.244.9.0 dev flannel.1")
        .contains("the forwarding entry 12:c6:65:89:b4:09 to 192.168.0.89 on flannel.1")
        .contains("the neighbour 10.244.9.0 (12:c6:65:89:b4:09) on flannel.1")
        .contains("the neighbour 10.244.8.0 (12:c6:65:89:b4:00) on flannel.1");
    assertThat(result.done()).isTrue();
    assertThat(node.output("ip neigh show nud permanent"))
        .doesNotContain("10.244.9.0", "10.244.8.0 ")
        .contains("10.244.2.0 ", "10.244.8.9 ", "10.244.7.0 dev eth0", "10.9.0.0 ");
    assertThat(node.output("bridge fdb show dev flannel.1"))
        .contains("12:c6:65:89:b4:00 dst 192.168.0.82", "12:c6:65:89:b4:90 dst 192.168.0.90")
        .doesNotContain("12:c6:65:89:b4:09");
    assertThat(run(vxlan("10.244.2.0/24"))).isEqualTo(TaskResult.done("removed nothing"));
  }

  @Test
  void routesOfTheNamedOneOfTwoGoneNodesGo() {
    node.run(
        HOST_GW
            + """
            ip route add 10.244.8.0/24 via 192.168.0.88 dev eth0
            ip route add 10.244.9.0/24 via 192.168.0.89 dev eth0
            """);

    TaskResult result = run(gone(hostGw("10.244.2.0/24", "10.244.3.0/24"), "10.244.9.0/24"));

    assertThat(node.output("ip route show"))
        .contains("10.244.8.0/24 via 192.168.0.88")
        .doesNotContain("10.244.9.0/24");
    assertThat(LeftOversFound.suspected(Set.of(), Optional.of(result)))
        .containsExactly(Cidr.parse("10.244.8.0/24"));
  }

  @Test
  void bothFamilies() {
    node.run(
        """
        ip link add flannel-v6.1 type vxlan id 1 local fd00:1::81 dev eth0 dstport 8472
        ip link set flannel-v6.1 up
        ip -6 route add fd00:10:244:2::/64 via fd00:10:244:2:: dev flannel-v6.1 onlink metric 4096
        ip -6 route add fd00:10:244:2::/64 via fd00:1::82 dev eth0
        ip -6 route add fd00:10:244:9::/64 via fd00:1::89 dev eth0
        """
            + HOST_GW);
    LeftOverTask both =
        new LeftOverTask(
            List.of(),
            List.of(
                hostGw("10.244.2.0/24", "10.244.3.0/24").ranges().getFirst(),
                new LeftOverTask.Range(
                    "fd00:10:244::/56",
                    "fd00:10:244:1::/64",
                    List.of("fd00:10:244:2::/64"),
                    true,
                    null)),
            List.of("fd00:10:244:9::/64"));

    assertThat(run(both).done()).isTrue();

    assertThat(links()).doesNotContain("flannel");
    assertThat(node.output("ip -6 route show root fd00:10:244::/56"))
        .hasLineCount(1)
        .contains("fd00:10:244:2::/64 via fd00:1::82 dev eth0");
  }

  @Test
  void hundredsOfRoutes() {
    var subnets = IntStream.range(2, 120).mapToObj("10.244.%d.0/24"::formatted).toList();
    subnets.stream()
        .filter(subnet -> !subnet.equals("10.244.77.0/24"))
        .forEach(
            subnet ->
                node.run(
                    """
                    ip route add %1$s via 192.168.0.82 dev eth0
                    ip route add %1$s via 10.244.2.0 dev flannel.1 onlink metric 4096
                    """
                        .formatted(subnet)));

    TaskResult result = run(hostGw(subnets.toArray(String[]::new)));

    assertThat(result.done()).as(result.said()).isTrue();
    assertThat(node.output("ip route show root 10.244.0.0/16").lines()).hasSize(119);
    assertThat(result.message().length()).isLessThan(4096);
  }

  @Test
  void theOnlyWayToAPeerStaysAndTheStepSaysSo() {
    node.run(
        """
        ip route add 10.244.2.0/24 via 192.168.0.82 dev eth0
        ip route add 10.244.3.0/24 via 10.244.3.0 dev flannel.1 onlink
        """);

    TaskResult result = run(hostGw("10.244.2.0/24", "10.244.3.0/24"));

    assertThat(result.done()).isFalse();
    assertThat(result.said()).contains("it is the only way to 10.244.3.0/24");
    assertThat(node.output("ip route get 10.244.3.7")).contains("dev flannel.1");
  }

  @Test
  void aDeviceThatAnotherTableUsesStays() {
    node.run(HOST_GW + "ip route add 10.20.0.0/16 dev flannel.1 table 77");

    TaskResult result = run(hostGw("10.244.2.0/24", "10.244.3.0/24"));

    assertThat(result.done()).isFalse();
    assertThat(result.said()).contains("10.20.0.0/16 of table 77 uses it");
    assertThat(links()).contains("flannel.1");
  }

  @Test
  void taskWithoutTheCapabilitySaysWhatFailed() {
    node.run(HOST_GW + COPIES);

    TaskResult result =
        new LeftOversTask(iproute2, new Commands(node.asNobody()))
            .run(hostGw("10.244.2.0/24", "10.244.3.0/24").json());

    assertThat(result.done()).isFalse();
    assertThat(result.said())
        .startsWith("ip -4 route del 10.244.2.0/24")
        .contains("Operation not permitted");
  }

  private TaskResult run(LeftOverTask order) {
    return new LeftOversTask(iproute2, new Commands(node.asRoot())).run(order.json());
  }

  private String tables() {
    return node.output("ip route show")
        + node.output("ip neigh show nud permanent")
        + node.output("bridge fdb show");
  }

  private String links() {
    return node.output("ip -br link show");
  }

  private static LeftOverTask hostGw(String... live) {
    return order(List.of(), live);
  }

  private static LeftOverTask vxlan(String... live) {
    return order(List.of("flannel.1"), live);
  }

  private static LeftOverTask order(List<String> devices, String... live) {
    return new LeftOverTask(
        devices,
        List.of(
            new LeftOverTask.Range(
                "10.244.0.0/16",
                "10.244.1.0/24",
                Stream.concat(Stream.of("10.244.1.0/24"), Stream.of(live)).toList(),
                true,
                null)),
        List.of());
  }

  private static LeftOverTask gone(LeftOverTask order, String... gone) {
    return new LeftOverTask(order.devices(), order.ranges(), List.of(gone));
  }
}

package io.flannel.operator.agent.checks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.flannel.operator.flannel.Cidr;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * ipip-node.json is what iproute2 6.1 printed on Linux 6.1 with flannel's ipip device and rival
 * devices. {@link LocalChecksTest} reads a vxlan node from this machine's kernel.
 */
class Iproute2JsonTest {
  @Test
  void anIpipNodesDevices() throws IOException {
    List<Link> links = answers(captured()).links().value().orElseThrow();

    Link own =
        links.stream().filter(l -> l.name().equals("flannel.ipip")).findFirst().orElseThrow();
    assertThat(own.kind()).contains("ipip");
    assertThat(own.up()).isTrue();
    assertThat(own.mtu()).isEqualTo(1480);
    assertThat(own.addresses(Cidr.Family.IPV4)).hasToString("[10.244.1.0/32]");
    assertThat(own.addresses(Cidr.Family.IPV6)).isEmpty();
    assertThat(own.tunnel().local()).contains(Cidr.ofAddress("192.168.0.81"));
    assertThat(own.tunnel().remote()).isEmpty();
    assertThat(own.receivedPackets()).hasValue(0);

    assertThat(links)
        .filteredOn(link -> link.kind().equals(Optional.of("ipip")))
        .extracting(
            Link::name,
            Link::up,
            link -> link.tunnel().remote().map(Cidr::base).orElse("any"),
            link -> link.tunnel().lower().orElse("none"),
            link -> link.tunnel().external())
        .containsExactlyInAnyOrder(
            tuple("tunl0", false, "any", "none", false),
            tuple("flannel.ipip", true, "any", "none", false),
            tuple("rival0", true, "192.168.0.82", "none", false),
            tuple("rival1", true, "any", "eth0", false),
            tuple("rival2", false, "any", "none", true));
  }

  @Test
  void anIpipNodesRoutes() throws IOException {
    RoutingTable routes = answers(captured()).routes().value().orElseThrow();

    assertThat(routes.to(Cidr.ofAddress("10.244.2.7")).orElseThrow())
        .hasToString("10.244.2.0/24 via 192.168.0.82 dev flannel.ipip");
    // Of two routes, the one with the better metric counts.
    assertThat(routes.to(Cidr.ofAddress("10.244.4.0")).orElseThrow())
        .hasToString("10.244.4.0/24 via 192.168.0.84 dev eth0");
    assertThat(routes.to(Cidr.ofAddress("10.99.0.1")).orElseThrow())
        .hasToString("blackhole 10.99.0.0/16");
    assertThat(routes.to(Cidr.ofAddress("10.98.0.1")).orElseThrow().hops()).hasSize(2);
    assertThat(routes.linkOf(Cidr.ofAddress("192.168.0.82"))).contains("eth0");
    assertThat(routes.to(Cidr.ofAddress("8.8.8.8"))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\n\n",
        "ip: unknown option\n[]\n[]",
        "[{\"ifindex\":1,\"ifname\":\"eth0\"}]\n[]\n[]",
        "[{\"ifindex\":1,\"ifname\":7,\"flags\":[],\"mtu\":1500}]\n[]\n[]",
        "[{\"ifindex\":1,\"ifname\":\"eth0\",\"flags\":[],\"mtu\":\"large\"}]\n[]\n[]",
        "[]\n[{\"dst\":\"nowhere\"}]\n[]",
        "[]\n[{\"gateway\":\"10.0.0.1\"}]\n[]",
        "[]\n[]\n[{\"dst\":\"10.0.0.1\",\"lladdr\":\"02:00:00:00:00:01\"}]",
        "{}\n{}\n{}",
        "[1]\n[2]\n[3]",
        "[[[[\n[]\n[]",
        "[] []\n[]\n[]",
      })
  void whatIsNotKnownIsNotTakenForMissing(String output) {
    assertThat(answers(output).links()).isInstanceOf(ReadResult.Failed.class);
    assertThat(answers(output).routes()).isInstanceOf(ReadResult.Failed.class);
    assertThat(answers(output).neighbours()).isInstanceOf(ReadResult.Failed.class);
  }

  @Test
  void fieldsThatAreNotKnownAndEmptyObjectsAreFine() {
    var answers =
        answers(
            "[{},{\"ifindex\":2,\"ifname\":\"eth0\",\"flags\":[\"UP\"],\"mtu\":1500,\"colour\":{\"red\":1}}]\n"
                + "[{\"dst\":\"default\",\"gateway\":\"10.0.0.1\",\"dev\":\"eth0\",\"x\":[]}]\n[]");
    assertThat(answers.links().value().orElseThrow())
        .extracting(Link::name)
        .containsExactly("eth0");
    assertThat(answers.routes().value().orElseThrow().routes())
        .hasToString("[0.0.0.0/0 via 10.0.0.1 dev eth0]");
  }

  static Iproute2.Answers answers(String output) {
    return answers(output.getBytes(StandardCharsets.UTF_8));
  }

  /** Parses output as {@link BatchTool} delivers it: three lines without line ends. */
  static Iproute2.Answers answers(byte[] output) {
    List<byte[]> lines = new ArrayList<>();
    int begin = 0;
    for (int i = 0; i <= output.length; i++) {
      if (i == output.length || output[i] == '\n') {
        lines.add(Arrays.copyOfRange(output, begin, i));
        begin = i + 1;
      }
    }
    while (lines.size() < 3) {
      lines.add(new byte[0]);
    }
    return Iproute2.parse("ip", lines);
  }

  static byte[] captured() throws IOException {
    try (InputStream stream = Iproute2JsonTest.class.getResourceAsStream("ipip-node.json")) {
      return stream.readAllBytes();
    }
  }
}

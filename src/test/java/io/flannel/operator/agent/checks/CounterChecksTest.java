package io.flannel.operator.agent.checks;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.BackendType;
import io.flannel.operator.decide.problem.NodeFault;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class CounterChecksTest {
  private static final long TWO_SECONDS = Duration.ofSeconds(2).toNanos();

  private final CounterChecks checks = new CounterChecks();
  private long now = -TWO_SECONDS;

  @Test
  void checksumErrorsThatGoOnAreTold() {
    var node = SimulatedNode.of(BackendType.VXLAN);
    assertThat(look(node)).isEmpty();
    node.udpChecksumErrors += 2;
    assertThat(look(node)).isEmpty();
    node.udpChecksumErrors += 3;
    assertThat(look(node)).containsExactly(NodeFault.UDP_CHECKSUM_ERRORS);
  }

  @Test
  void checksumErrorsNowAndThenAreNot() {
    var node = SimulatedNode.of(BackendType.VXLAN);
    for (int i = 0; i < 100; i++) {
      node.udpChecksumErrors += i % 3 == 0 ? 1 : 0;
      assertThat(look(node)).isEmpty();
    }
  }

  @Test
  void findingEndsWhenTheCounterStops() {
    var node = SimulatedNode.of(BackendType.VXLAN);
    look(node);
    node.udpChecksumErrors += 100;
    assertThat(look(node)).hasSize(1);
    for (int i = 0; i < 4; i++) {
      look(node);
    }
    assertThat(look(node)).isEmpty();
  }

  @Test
  void aCounterThatBeginsAnewIsNoGrowth() {
    var node = SimulatedNode.of(BackendType.VXLAN);
    node.udpChecksumErrors = 1_000_000;
    look(node);
    node.udpChecksumErrors = 4;
    assertThat(look(node)).isEmpty();
  }

  @Test
  void strictReversePathFilterMattersOnlyWhenItDrops() {
    var node = SimulatedNode.of(BackendType.IPIP);
    node.rpFilter.put("all", 0);
    node.rpFilter.put("flannel.ipip", 1);
    assertThat(look(node)).isEmpty();
    assertThat(look(node)).isEmpty();
    node.reversePathDrops += 10;
    assertThat(look(node)).containsExactly(NodeFault.REVERSE_PATH_FILTER_STRICT);
  }

  @Test
  void aLooseReversePathFilterWinsOverAStrictOne() {
    var node = SimulatedNode.of(BackendType.IPIP);
    node.rpFilter.put("all", 2);
    node.rpFilter.put("flannel.ipip", 1);
    look(node);
    node.reversePathDrops += 10;
    assertThat(look(node)).isEmpty();
  }

  @Test
  void tunl0ThatReceivesInFlannelsPlaceIsARival() {
    var node = SimulatedNode.of(BackendType.IPIP);
    for (int i = 0; i < 6; i++) {
      tunl0(node, 10L * i);
      assertThat(look(node))
          .as("look %d: ten seconds are not over", i)
          .isEqualTo(i < 5 ? List.of() : List.of(NodeFault.RIVAL_DEVICE));
    }
    receive(node);
    tunl0(node, 100);
    assertThat(look(node)).isEmpty();
  }

  @Test
  void tunl0ThatReceivesBesideFlannelsDeviceIsNone() {
    var node = SimulatedNode.of(BackendType.IPIP);
    for (int i = 0; i < 20; i++) {
      tunl0(node, 10L * i);
      receive(node);
      assertThat(look(node)).isEmpty();
    }
  }

  private static void receive(SimulatedNode node) {
    Link own = node.link("flannel.ipip");
    node.replace(counted(own, own.receivedPackets().orElseThrow() + 1));
  }

  private static void tunl0(SimulatedNode node, long packets) {
    node.links.removeIf(link -> link.name().equals("tunl0"));
    node.links.add(
        counted(
            new Link(
                100,
                "tunl0",
                Optional.of("ipip"),
                true,
                true,
                1480,
                List.of(),
                new Link.Tunnel(
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    OptionalInt.empty(),
                    OptionalInt.empty(),
                    false),
                OptionalLong.empty()),
            packets));
  }

  private static Link counted(Link link, long packets) {
    return new Link(
        link.index(),
        link.name(),
        link.kind(),
        link.up(),
        link.carrier(),
        link.mtu(),
        link.addresses(),
        link.tunnel(),
        OptionalLong.of(packets));
  }

  private List<NodeFault> look(SimulatedNode node) {
    now += TWO_SECONDS;
    return checks.look(now, node.expected(), node.state()).stream().map(Finding::fault).toList();
  }
}

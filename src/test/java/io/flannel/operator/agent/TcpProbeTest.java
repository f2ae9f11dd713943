package io.flannel.operator.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TcpProbeTest {
  /**
   * Stands for an IPv6 address where IPv6 is off: an uncaught exception would end the prober's
   * thread.
   */
  @Test
  void anAddressThatCannotBeConnectedToIsNotReached() throws IOException {
    List<Boolean> outcomes = new ArrayList<>();
    try (Selector selector = Selector.open();
        TcpProbe probe = new TcpProbe(selector)) {
      probe.knock(
          new PeerHealth("node-2", InetAddress.ofLiteral("127.0.0.3")),
          InetSocketAddress.createUnresolved("nowhere.example", 1),
          System.nanoTime(),
          outcomes::add);
      assertThat(probe.isUnderWay()).isFalse();
    }
    assertThat(outcomes).containsExactly(false);
  }
}

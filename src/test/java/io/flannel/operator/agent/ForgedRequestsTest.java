package io.flannel.operator.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.flannel.operator.agent.EchoPacket.Kind;
import io.flannel.operator.agent.ProbeSettings.Target;
import io.flannel.operator.api.FlannelNodeStatus.PeerReport;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Two probers with real sockets, and an attacker who sends to each from the other's address, as
 * anybody on their network can.
 */
class ForgedRequestsTest {
  private static final InetAddress ONE = InetAddress.ofLiteral("127.0.0.2");
  private static final InetAddress TWO = InetAddress.ofLiteral("127.0.0.3");
  private static final Duration INTERVAL = Duration.ofMillis(700);
  private static final Duration VERDICT = INTERVAL.multipliedBy(6);
  private static final NetworkKey[] KEYS = {key(1), key(2), key(3), key(4), key(5), key(6), key(7)};

  private final List<AutoCloseable> open = new ArrayList<>();
  private int port;

  @BeforeEach
  void findPort() throws IOException {
    try (DatagramSocket free = new DatagramSocket(0, ONE)) {
      port = free.getLocalPort();
    }
  }

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable one : open.reversed()) {
      one.close();
    }
  }

  /** Shows what the other tests guard against: without keys, a flood costs the peer its answers. */
  @Test
  void forgedRequestsWithoutAKeyTakeThePeersAnswers() {
    Prober one = prober("node-1", ONE);
    Prober two = prober("node-2", TWO);
    probeEachOther(one, two);
    eventually(() -> isHealthy(one) && isHealthy(two));

    flood(ONE, TWO, 1000, Flood::forged);
    eventually(() -> !isHealthy(one));
  }

  /**
   * One agent is always a renewal behind, because kubelet updates the key files at different times.
   */
  @Test
  void aThousandASecondLoseNoSignedProbeAlsoWhileTheKeyIsRenewedThrice() {
    Prober one = prober("node-1", ONE);
    Prober two = prober("node-2", TWO);
    Stream.of(one, two).forEach(prober -> prober.sign(renewed(0)));
    probeEachOther(one, two);
    eventuallyFlawless(one, two);

    Flood toTwo = flood(ONE, TWO, 1000, Flood::forged);
    Flood toOne = flood(TWO, ONE, 1000, Flood::forged);
    for (int renewal = 1; renewal <= 3; renewal++) {
      one.sign(renewed(renewal));
      staysFlawless(one, two);
      two.sign(renewed(renewal));
      staysFlawless(one, two);
    }
    assertThat(toTwo.sent()).isGreaterThan(5000);
    assertThat(toOne.sent()).isGreaterThan(5000);
  }

  @Test
  void tenThousandASecondTakeNothingDown() {
    Prober one = prober("node-1", ONE);
    Prober two = prober("node-2", TWO);
    Stream.of(one, two).forEach(prober -> prober.sign(renewed(0)));
    probeEachOther(one, two);
    eventually(() -> isHealthy(one) && isHealthy(two));

    Flood flood = flood(ONE, TWO, 10_000, Flood::forged);
    during(VERDICT, () -> isHealthy(one) && isHealthy(two));
    assertThat(flood.sent()).isGreaterThan(10_000);
  }

  @Test
  void requestsThatWereThereBeforeTakeNothing() throws IOException {
    Prober one = prober("node-1", ONE);
    one.sign(renewed(0));
    one.probe(settings(TWO, "node-2"));
    List<byte[]> captured = new ArrayList<>();
    try (DatagramSocket two = new DatagramSocket(port, TWO)) {
      while (captured.size() < 6) {
        DatagramPacket packet = new DatagramPacket(new byte[2000], 2000);
        two.receive(packet);
        captured.add(Arrays.copyOf(packet.getData(), packet.getLength()));
      }
    }
    Prober two = prober("node-2", TWO);
    two.sign(renewed(0));
    AtomicInteger next = new AtomicInteger();
    flood(ONE, TWO, 1000, () -> captured.get(next.getAndIncrement() % captured.size()));
    two.probe(settings(ONE, "node-1"));

    eventually(() -> isHealthy(one) && isHealthy(two));
    during(VERDICT, () -> isHealthy(one) && isHealthy(two));
  }

  /**
   * With direct routes and bridges, flannel's masquerading changes a request's source port and
   * address.
   */
  @Test
  void aSignedRequestCountsFromEachOfThePeersAddressesAndFromAnyPort() throws IOException {
    InetAddress overlay = InetAddress.ofLiteral("127.0.1.3");
    InetAddress device = InetAddress.ofLiteral("127.0.2.3");
    Prober one = prober("node-1", ONE);
    one.sign(renewed(0));
    one.probe(
        new ProbeSettings(
            port,
            INTERVAL,
            3,
            OptionalInt.empty(),
            List.of(new Target("node-2", TWO, Optional.of(overlay), Optional.of(device), false))));
    PeerSignature two = new PeerSignature("node-2", "node-1");
    two.use(renewed(0));
    for (InetAddress address : List.of(TWO, overlay, device)) {
      try (DatagramSocket listening = new DatagramSocket(port, address);
          DatagramSocket masqueraded = new DatagramSocket(0, address);
          Flood flood = Flood.of(address, new InetSocketAddress(ONE, port), 1000, Flood::forged)) {
        eventually(() -> flood.sent() > 500);
        for (int i = 0; i < 5; i++) {
          long nonce = two.sign(36, System.currentTimeMillis()).orElseThrow();
          byte[] request = bytes(new EchoPacket(Kind.REQUEST, nonce, 36));
          masqueraded.send(
              new DatagramPacket(request, request.length, new InetSocketAddress(ONE, port)));
          awaitAnswer(listening, nonce);
        }
      }
    }
  }

  private static void awaitAnswer(DatagramSocket socket, long nonce) throws IOException {
    socket.setSoTimeout(60_000);
    DatagramPacket received = new DatagramPacket(new byte[2000], 2000);
    while (true) {
      socket.receive(received);
      EchoPacket packet =
          EchoPacket.read(ByteBuffer.wrap(received.getData(), 0, received.getLength()))
              .orElseThrow();
      if (packet.kind() == Kind.ANSWER && packet.nonce() == nonce) {
        return;
      }
    }
  }

  private static byte[] bytes(EchoPacket packet) {
    ByteBuffer buffer = ByteBuffer.allocate(packet.length());
    packet.writeTo(buffer);
    return buffer.array();
  }

  @Test
  void anAgentWithoutAKeyAndOneThatLostItSeeTheOthersAsEver() {
    Prober one = prober("node-1", ONE);
    Prober two = prober("node-2", TWO);
    one.sign(renewed(0));
    probeEachOther(one, two);
    eventuallyFlawless(one, two);

    two.sign(renewed(0));
    staysFlawless(one, two);
    one.sign(ProbeKeys.NONE);
    staysFlawless(one, two);
    // The Secret was deleted and the operator created another, none of whose keys the peer has.
    one.sign(renewed(4));
    staysFlawless(one, two);
    two.sign(renewed(4));
    staysFlawless(one, two);
  }

  /** The keys after this many renewals. */
  private static ProbeKeys renewed(int times) {
    return PeerSignatureTest.keys(KEYS[times + 1], KEYS[times + 2], KEYS[times]);
  }

  private static NetworkKey key(int seed) {
    return PeerSignatureTest.key(seed);
  }

  private void probeEachOther(Prober one, Prober two) {
    one.probe(settings(TWO, "node-2"));
    two.probe(settings(ONE, "node-1"));
  }

  private ProbeSettings settings(InetAddress peer, String name) {
    return new ProbeSettings(
        port,
        INTERVAL,
        3,
        OptionalInt.of(1480),
        List.of(new Target(name, peer, Optional.of(peer), Optional.empty(), false)));
  }

  private Prober prober(String name, InetAddress address) {
    Prober prober = new Prober(name, address, Clock.systemUTC(), new Random(), () -> {});
    Thread thread = Thread.ofPlatform().daemon().start(prober);
    open.add(
        () -> {
          prober.close();
          thread.join();
        });
    return prober;
  }

  /**
   * Also waits for the end of the closer probing that was caused by losses before both had started.
   */
  private static void eventuallyFlawless(Prober... probers) {
    eventually(() -> Stream.of(probers).allMatch(ForgedRequestsTest::isFlawless));
  }

  /** Checks them for two intervals. */
  private static void staysFlawless(Prober... probers) {
    during(
        INTERVAL.multipliedBy(2),
        () -> Stream.of(probers).allMatch(ForgedRequestsTest::isFlawless));
  }

  private static void eventually(Callable<Boolean> condition) {
    await().atMost(Duration.ofMinutes(1)).until(condition);
  }

  /** Checks the condition at every poll for this long. */
  private static void during(Duration time, Callable<Boolean> condition) {
    await()
        .during(time)
        .atMost(time.plusMinutes(1))
        .failFast("no more", () -> assertThat(condition.call()).isTrue())
        .until(() -> true);
  }

  private static boolean isFlawless(Prober prober) {
    return report(prober)
        .filter(report -> Integer.valueOf(0).equals(report.lossPercent()))
        .filter(report -> Boolean.FALSE.equals(report.losing()))
        .filter(ForgedRequestsTest::isHealthy)
        .isPresent();
  }

  private static boolean isHealthy(Prober prober) {
    return report(prober).filter(ForgedRequestsTest::isHealthy).isPresent();
  }

  private static boolean isHealthy(PeerReport report) {
    return Boolean.TRUE.equals(report.overlay())
        && Boolean.TRUE.equals(report.fullSize())
        && Boolean.TRUE.equals(report.underlay());
  }

  /** Empty until the prober knows its peer. */
  private static Optional<PeerReport> report(Prober prober) {
    return prober.reports().stream().findFirst();
  }

  private Flood flood(InetAddress from, InetAddress to, int perSecond, Supplier<byte[]> packets) {
    Flood flood = Flood.of(from, new InetSocketAddress(to, port), perSecond, packets);
    open.add(flood);
    return flood;
  }
}

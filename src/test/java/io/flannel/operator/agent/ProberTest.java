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
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Probers with real sockets, each on its own loopback address. */
class ProberTest {
  private static final InetAddress HERE = InetAddress.ofLiteral("127.0.0.2");
  private static final InetAddress NODE = InetAddress.ofLiteral("127.0.0.3");
  private static final InetAddress OVERLAY = InetAddress.ofLiteral("127.0.1.3");
  private static final int MTU = 1480;

  private final List<AutoCloseable> open = new ArrayList<>();
  private final AtomicInteger changes = new AtomicInteger();
  private int port;

  @BeforeEach
  void findPort() throws IOException {
    try (DatagramSocket free = new DatagramSocket(0, HERE)) {
      port = free.getLocalPort();
    }
  }

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable one : open) {
      one.close();
    }
  }

  @Test
  void twoProbersSeeEachOther() {
    Prober one = prober(HERE);
    Prober other = prober(NODE);
    one.probe(settings(target("node-2", NODE, NODE)));
    other.probe(settings(target("node-1", HERE, HERE)));

    eventually(() -> assertThat(only(one)).satisfies(ProberTest::isHealthy));
    eventually(() -> assertThat(only(other)).satisfies(ProberTest::isHealthy));
    assertThat(only(one).rttP50Micros()).isPositive();
    assertThat(changes.get()).isPositive();
  }

  @Test
  void aBlackHoleShowsAndHeals() throws IOException {
    FakePeer node = new FakePeer(NODE);
    FakePeer overlay = new FakePeer(OVERLAY);
    overlay.longest = 500;
    Prober prober = prober(HERE);
    prober.probe(settings(target("node-2", NODE, OVERLAY)));

    eventually(
        () -> {
          assertThat(only(prober).fullSize()).isFalse();
          assertThat(only(prober).overlay()).isTrue();
          assertThat(only(prober).underlay()).isTrue();
        });
    assertThat(overlay.longestSeen).isEqualTo(MTU - 28);
    assertThat(node.longestSeen).isLessThan(100);

    overlay.longest = Integer.MAX_VALUE;
    eventually(() -> assertThat(only(prober)).satisfies(ProberTest::isHealthy));
  }

  @Test
  void anAgentThatIsSilentOnALivingNodeIsAlive() {
    Prober prober = prober(HERE);
    prober.probe(settings(target("node-2", NODE, OVERLAY)));

    eventually(
        () -> {
          assertThat(only(prober).underlay()).isFalse();
          assertThat(only(prober).overlay()).isFalse();
          assertThat(only(prober).alive()).isTrue();
        });
  }

  @Test
  void probeThatCannotBeSentIsLost() {
    // The socket is bound to an IPv4 address, so the kernel refuses to send.
    InetAddress unreachable = InetAddress.ofLiteral("2001:db8::1");
    Prober prober = prober(HERE);
    prober.probe(settings(target("node-2", unreachable, unreachable)));

    eventually(
        () -> {
          assertThat(only(prober).underlay()).isFalse();
          assertThat(only(prober).fullSize()).isFalse();
          assertThat(only(prober).alive()).isFalse();
        });
  }

  @Test
  void answersThatAreNotExactlyTheOneNeverCount() throws IOException {
    FakePeer node = new FakePeer(NODE);
    FakePeer stranger = new FakePeer(OVERLAY);
    InetSocketAddress prober = new InetSocketAddress(HERE, port);
    node.onRequest =
        asked -> {
          node.send(new EchoPacket(Kind.ANSWER, asked.nonce() + 1, asked.length()), prober);
          node.send(new EchoPacket(Kind.ANSWER, asked.nonce(), asked.length() + 8), prober);
          node.send(new EchoPacket(Kind.REQUEST, asked.nonce(), asked.length()), prober);
          stranger.send(new EchoPacket(Kind.ANSWER, asked.nonce(), asked.length()), prober);
        };
    Prober probing = prober(HERE);
    probing.probe(settings(target("node-2", NODE)));

    eventually(() -> assertThat(only(probing).underlay()).isFalse());
    assertThat(only(probing).overlay()).isNull();
    assertThat(only(probing).rttP50Micros()).isNull();
  }

  @Test
  void onlyWellFormedRequestsOfPeersAreAnswered() throws IOException {
    Prober prober = prober(HERE);
    InetSocketAddress to = new InetSocketAddress(HERE, port);
    prober.probe(settings(target("node-2", NODE)));
    FakePeer stranger = new FakePeer(OVERLAY);
    FakePeer peer = new FakePeer(NODE);
    eventually(() -> assertThat(peer.requests.get()).isPositive());
    Random random = new Random(7);
    for (int i = 0; i < 50; i++) {
      byte[] noise = new byte[random.nextInt(100)];
      random.nextBytes(noise);
      peer.send(noise, to);
      stranger.send(new EchoPacket(Kind.REQUEST, 1, 100), to);
      peer.send(new EchoPacket(Kind.ANSWER, 2, 100), to);
    }
    peer.send(new EchoPacket(Kind.REQUEST, 3, 999), to);

    eventually(() -> assertThat(peer.answers).isNotEmpty());
    assertThat(peer.answers).containsExactly(new EchoPacket(Kind.ANSWER, 3, 999));
    assertThat(stranger.answers).isEmpty();
  }

  @Test
  void theAnswerGoesToThePeersPortWhateverPortFlannelsMasqueradingGaveTheRequest()
      throws IOException {
    Prober prober = prober(HERE);
    prober.probe(settings(target("node-2", NODE)));
    FakePeer peer = new FakePeer(NODE);
    eventually(() -> assertThat(peer.requests.get()).isPositive());
    EchoPacket request = new EchoPacket(Kind.REQUEST, 5, 200);
    byte[] bytes = bytes(request);
    try (DatagramSocket masqueraded = new DatagramSocket(0, NODE)) {
      masqueraded.send(new DatagramPacket(bytes, bytes.length, new InetSocketAddress(HERE, port)));
    }

    eventually(() -> assertThat(peer.answers).containsExactly(request.answer()));
  }

  @Test
  void aPeerThatAsksTooOftenIsAnsweredNowAndThen() throws IOException {
    Prober prober = prober(HERE);
    InetSocketAddress to = new InetSocketAddress(HERE, port);
    prober.probe(settings(target("node-2", NODE)));
    FakePeer peer = new FakePeer(NODE);
    eventually(() -> assertThat(peer.requests.get()).isPositive());
    long began = System.nanoTime();
    for (int i = 0; i < 1000; i++) {
      peer.send(new EchoPacket(Kind.REQUEST, i, 100), to);
    }
    eventually(() -> assertThat(peer.answers).hasSizeGreaterThanOrEqualTo(40));
    // The prober still probes after the flood.
    int asked = peer.requests.get();
    eventually(() -> assertThat(peer.requests.get()).isGreaterThan(asked));
    double seconds = (System.nanoTime() - began) / 1e9;
    assertThat((double) peer.answers.size()).isLessThanOrEqualTo(40 + 20 * seconds);
  }

  @Test
  void peersThatStayKeepTheirStateWhenOthersCome() throws IOException {
    FakePeer node = new FakePeer(NODE);
    FakePeer overlay = new FakePeer(OVERLAY);
    Target staying = target("node-2", NODE, OVERLAY);
    Prober prober = prober(HERE);
    prober.probe(settings(staying));
    eventually(() -> assertThat(only(prober)).satisfies(ProberTest::isHealthy));
    String since = only(prober).since();

    prober.probe(settings(target("node-1", OVERLAY), staying));
    eventually(() -> assertThat(prober.reports()).hasSize(2));
    PeerReport kept = prober.reports().get(1);
    assertThat(kept.since()).isEqualTo(since);
    assertThat(kept).satisfies(ProberTest::isHealthy);

    prober.probe(null);
    eventually(() -> assertThat(prober.reports()).isEmpty());
    int asked = node.requests.get() + overlay.requests.get();
    prober.probe(settings(staying));
    eventually(() -> assertThat(only(prober)).satisfies(ProberTest::isHealthy));
    assertThat(node.requests.get() + overlay.requests.get()).isGreaterThan(asked);
  }

  @Test
  void aTakenPortSaysNothingOfThePeersAndIsUsedOnceItIsFree() throws IOException {
    FakePeer node = new FakePeer(NODE);
    FakePeer squatter = new FakePeer(HERE);
    Prober prober = prober(HERE);
    prober.probe(settings(target("node-2", NODE)));
    eventually(() -> assertThat(changes.get()).isPositive());
    assertThat(only(prober).underlay()).isNull();

    squatter.close();
    eventually(() -> assertThat(only(prober).underlay()).isTrue());
    assertThat(node.requests.get()).isPositive();
  }

  @Test
  void lossOfEveryFifthPacketIsReportedAndNothingElse() throws IOException {
    FakePeer node = new FakePeer(NODE);
    FakePeer overlay = new FakePeer(OVERLAY);
    Prober prober = prober(HERE);
    prober.probe(settings(target("node-2", NODE, OVERLAY)));
    eventually(() -> assertThat(only(prober)).satisfies(ProberTest::isHealthy));

    node.loses(5);
    overlay.loses(5);
    eventually(() -> assertThat(only(prober).lossy()).isTrue());
    assertThat(only(prober)).satisfies(ProberTest::isHealthy);

    node.loses(Integer.MAX_VALUE);
    overlay.loses(Integer.MAX_VALUE);
    eventually(() -> assertThat(only(prober).lossy()).isFalse());
    assertThat(only(prober)).satisfies(ProberTest::isHealthy);
  }

  @Test
  void aPeerWhoseAnswersAreLateIsNeitherSilentNorLossy() throws IOException {
    FakePeer node = new FakePeer(NODE);
    Prober prober = prober(HERE);
    prober.probe(settings(target("node-2", NODE)));
    eventually(() -> assertThat(only(prober).underlay()).isTrue());

    // Each request is answered when the second one after it arrives, which is too late.
    List<EchoPacket> asked = new ArrayList<>();
    node.onRequest =
        packet -> {
          asked.add(packet);
          if (asked.size() > 2) {
            node.send(asked.removeFirst().answer(), new InetSocketAddress(HERE, port));
          }
        };
    int before = node.requests.get();
    eventually(() -> assertThat(node.requests.get()).isGreaterThan(before + 40));
    assertThat(only(prober).underlay()).isTrue();
    assertThat(only(prober).lossy()).isFalse();
    assertThat(only(prober).lossPercent()).isZero();
  }

  private Prober prober(InetAddress address) {
    return prober(address.equals(HERE) ? "node-1" : "node-2", address);
  }

  private Prober prober(String name, InetAddress address) {
    Prober prober =
        new Prober(name, address, Clock.systemUTC(), new Random(), changes::incrementAndGet);
    Thread thread = Thread.ofPlatform().daemon().start(prober);
    open.add(
        () -> {
          prober.close();
          thread.join();
        });
    return prober;
  }

  /** Returns a peer whose overlay is not probed. */
  private static Target target(String name, InetAddress node) {
    return new Target(name, node, Optional.empty(), Optional.empty(), false);
  }

  private static Target target(String name, InetAddress node, InetAddress overlay) {
    return new Target(name, node, Optional.of(overlay), Optional.empty(), false);
  }

  private ProbeSettings settings(Target... peers) {
    return new ProbeSettings(port, Duration.ofMillis(200), 3, OptionalInt.of(MTU), List.of(peers));
  }

  private static PeerReport only(Prober prober) {
    assertThat(prober.reports()).hasSize(1);
    return prober.reports().getFirst();
  }

  private static void isHealthy(PeerReport report) {
    assertThat(report.overlay()).isTrue();
    assertThat(report.fullSize()).isTrue();
    assertThat(report.underlay()).isTrue();
    assertThat(report.alive()).isNull();
  }

  private static byte[] bytes(EchoPacket packet) {
    ByteBuffer buffer = ByteBuffer.allocate(EchoPacket.MAX_LENGTH);
    packet.writeTo(buffer);
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  private static void eventually(org.awaitility.core.ThrowingRunnable assertions) {
    patiently().untilAsserted(assertions);
  }

  private static ConditionFactory patiently() {
    return await().atMost(Duration.ofMinutes(1)).pollInterval(Duration.ofMillis(20));
  }

  /** A peer whose answers the test controls. */
  private final class FakePeer implements AutoCloseable {
    final DatagramSocket socket;
    final AtomicInteger requests = new AtomicInteger();
    final List<EchoPacket> answers = new java.util.concurrent.CopyOnWriteArrayList<>();
    volatile int longest = Integer.MAX_VALUE;
    volatile int longestSeen;
    volatile Consumer<EchoPacket> onRequest;

    FakePeer(InetAddress address) throws IOException {
      socket = new DatagramSocket(port, address);
      onRequest =
          asked -> {
            if (asked.length() <= longest) {
              send(asked.answer(), new InetSocketAddress(HERE, port));
            }
          };
      open.add(this);
      Thread.ofPlatform().daemon().start(this::receive);
    }

    /** From now on leaves one of every {@code every} requests unanswered. */
    void loses(int every) {
      onRequest =
          asked -> {
            if (requests.get() % every != 0) {
              send(asked.answer(), new InetSocketAddress(HERE, port));
            }
          };
    }

    void send(EchoPacket packet, InetSocketAddress to) {
      send(bytes(packet), to);
    }

    void send(byte[] bytes, InetSocketAddress to) {
      try {
        socket.send(new DatagramPacket(bytes, bytes.length, to));
      } catch (IOException e) {
        // The test is over.
      }
    }

    @Override
    public void close() {
      socket.close();
    }

    private void receive() {
      DatagramPacket datagram = new DatagramPacket(new byte[65_535], 65_535);
      try {
        while (true) {
          socket.receive(datagram);
          ByteBuffer bytes = ByteBuffer.wrap(datagram.getData(), 0, datagram.getLength());
          EchoPacket packet = EchoPacket.read(bytes).orElseThrow();
          if (packet.kind() == Kind.ANSWER) {
            answers.add(packet);
          } else {
            longestSeen = Math.max(longestSeen, packet.length());
            requests.incrementAndGet();
            onRequest.accept(packet);
          }
        }
      } catch (IOException e) {
        // Closed: the test is over.
      }
    }
  }
}

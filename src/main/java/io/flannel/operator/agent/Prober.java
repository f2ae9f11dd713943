package io.flannel.operator.agent;

import io.flannel.operator.agent.EchoPacket.Kind;
import io.flannel.operator.agent.EchoSocket.Received;
import io.flannel.operator.agent.InFlightProbes.Sent;
import io.flannel.operator.agent.ProbedPeers.Peer;
import io.flannel.operator.api.FlannelNodeStatus.PeerReport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.Selector;
import java.time.Clock;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Probes the peers and answers their probes, with one UDP socket and one thread for any number of
 * peers.
 *
 * <p>Each peer is probed once per interval. Probes are spread evenly; those due close together are
 * sent in one wake-up, which costs more than sending. Waiting relies on {@link System#nanoTime}
 * alone. A probe is lost if its deadline has passed and no answer was waiting in the socket: after
 * a stall without CPU, at whatever point, the thread reads first and judges deadlines by the time
 * before reading. A later answer still revokes the loss.
 *
 * <p>While probes to a peer were lost recently on a path that is not down, the peer also gets small
 * probes between the regular ones. They soon show the share of losses; only regular probes decide
 * whether the path is down.
 */
final class Prober implements Runnable, AutoCloseable {
  /** Maximum number of datagrams to read before sending again. */
  private static final int READS_AT_ONCE = 256;

  private static final long OPEN_AGAIN_NANOS = 5_000_000_000L;

  /** Probes that are due within this time are sent together. */
  private static final long TOGETHER_NANOS = 100_000_000L;

  private final String own;
  private final Clock clock;
  private final RandomGenerator random;
  private final Runnable onChange;
  private final FailureLog portTaken = new FailureLog(Prober.class);
  private final Selector selector;
  private final EchoSocket socket;
  private final PeerRequests requests;
  private final TcpProbe tcp;

  private final InFlightProbes<Peer> underWay = new InFlightProbes<>();

  private volatile @Nullable ProbeSettings wanted;
  private volatile ProbeKeys wantedKeys = ProbeKeys.NONE;
  private volatile ProbedPeers peers = ProbedPeers.NONE;
  private volatile boolean closed;

  private @Nullable ProbeSettings settings;
  private ProbeKeys keys = ProbeKeys.NONE;
  private int next;
  private long nextAt;

  /** Whether some peer may need a closer look, and when the next probes for it are due. */
  private boolean lookingClosely;

  private long nextCloseAt;

  /**
   * @param own this node's name
   * @param bindAddress the address to listen on and send from; the wildcard address for all
   * @param random makes the unsigned nonces, so it must be unpredictable
   * @param onChange called in the prober's thread when the verdict on a peer changes
   */
  Prober(
      String own, InetAddress bindAddress, Clock clock, RandomGenerator random, Runnable onChange) {
    this.own = own;
    this.clock = clock;
    this.random = random;
    this.onChange = onChange;
    try {
      selector = Selector.open();
    } catch (IOException e) {
      throw new UncheckedIOException("no selector: too few file descriptors?", e);
    }
    socket = new EchoSocket(bindAddress, selector);
    requests = new PeerRequests(socket);
    tcp = new TcpProbe(selector);
  }

  /**
   * Sets which peers to probe; null for none. What is known about peers that stay is kept.
   * Thread-safe.
   */
  void probe(@Nullable ProbeSettings now) {
    wanted = now;
    selector.wakeup();
  }

  /** Sets the keys for signing requests and for verifying those of peers. Thread-safe. */
  void sign(ProbeKeys now) {
    if (!now.equals(wantedKeys)) {
      wantedKeys = now;
      selector.wakeup();
    }
  }

  /** Returns what is known about every peer, in the order of the settings. Thread-safe. */
  List<PeerReport> reports() {
    return peers.all().stream().map(peer -> peer.health().report()).toList();
  }

  /** The same without round-trip times, which are expensive to compute. Thread-safe. */
  List<PeerReport> reportsWithoutTimes() {
    return peers.all().stream().map(peer -> peer.health().reportWithoutTimes()).toList();
  }

  /** Makes {@link #run} return soon. Thread-safe. */
  @Override
  public void close() {
    closed = true;
    selector.wakeup();
  }

  /** Probes and answers until it is closed. */
  @Override
  public void run() {
    try {
      while (!closed) {
        // Read what has arrived before judging which deadlines had passed at this time.
        long now = System.nanoTime();
        if (tcp.isUnderWay()) {
          selector.selectNow();
          tcp.finish(selector.selectedKeys());
        }
        selector.selectedKeys().clear();
        read();
        expire(now);
        // After both kinds of select, which consume a wakeup: one that comes from here on ends the
        // next blocking select.
        takeKeys();
        takeSettings();
        send();
        sendBetween();
        if (!closed) {
          selector.select(millisToWait());
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the prober's selector fails", e);
    } finally {
      closeSocket();
      tcp.close();
      try {
        selector.close();
      } catch (IOException e) {
        // Nothing is lost: the process or the test ends.
      }
    }
  }

  private void takeKeys() {
    ProbeKeys now = wantedKeys;
    if (!now.equals(keys)) {
      keys = now;
      peers.all().forEach(peer -> peer.signature().use(now));
    }
  }

  private void takeSettings() {
    ProbeSettings now = wanted;
    if (Objects.equals(now, settings)) {
      return;
    }
    ProbeSettings before = settings;
    settings = now;
    if (now == null || before == null || before.port() != now.port()) {
      closeSocket();
      nextAt = System.nanoTime();
    }
    ProbedPeers staying = now == null ? ProbedPeers.NONE : peers.with(now, own);
    staying.all().forEach(peer -> peer.signature().use(keys));
    underWay.keepOnly(staying.all()::contains);
    tcp.forgetAllBut(staying.all().stream().map(Peer::health).toList());
    peers = staying;
    next = staying.all().isEmpty() ? 0 : next % staying.all().size();
  }

  private void read() {
    for (int i = 0; i < READS_AT_ONCE; i++) {
      Optional<Received> received = socket.receive(address -> peers.at(address).isPresent());
      if (received.isEmpty()) {
        return;
      }
      if (received.get() instanceof Received.Packet(EchoPacket packet, InetSocketAddress from)) {
        take(packet, from);
      }
    }
  }

  private void take(EchoPacket packet, InetSocketAddress from) {
    long now = System.nanoTime();
    if (packet.kind() == Kind.REQUEST) {
      ProbeSettings how = settings;
      if (how != null) {
        InetSocketAddress asker = new InetSocketAddress(from.getAddress(), how.port());
        peers.at(from.getAddress()).ifPresent(peer -> requests.take(peer, packet, asker, now));
      }
      return;
    }
    underWay
        // The answer may come from the peer's other address: with direct routes, it does.
        .take(
            packet.nonce(),
            sent -> sent.length() == packet.length() && sent.peer().target().has(from.getAddress()))
        .ifPresent(answered -> answered(answered.sent(), answered.late(), now));
  }

  private void answered(Sent<Peer> sent, boolean late, long now) {
    ProbeSettings how = settings;
    if (how != null) {
      long micros = (now - sent.at()) / 1000;
      PeerHealth health = sent.peer().health();
      tell(
          health.answered(
              sent.path(), sent.number(), late, micros, how.failAfter(), clock.instant()));
    }
  }

  private void expire(long now) {
    ProbeSettings how = settings;
    if (how != null) {
      underWay.expire(now, sent -> lost(sent.peer(), sent.path(), sent.number(), how));
    }
    if (tcp.isUnderWay()) {
      tcp.expire(now);
    }
  }

  private void lost(Peer peer, ProbePath path, long number, ProbeSettings how) {
    PeerHealth health = peer.health();
    tell(health.lost(path, number, how.failAfter(), clock.instant()));
    if (!lookingClosely && health.isLosing()) {
      lookingClosely = true;
      nextCloseAt = System.nanoTime();
    }
    if (path == ProbePath.UNDERLAY) {
      InetSocketAddress address = new InetSocketAddress(peer.target().address(), how.port());
      tcp.knock(
          health,
          address,
          System.nanoTime() + how.timeout().toNanos(),
          reached -> tell(health.connected(reached, how.failAfter(), clock.instant())));
    }
  }

  private void tell(boolean changed) {
    if (changed) {
      onChange.run();
    }
  }

  private void send() {
    ProbeSettings how = settings;
    long now = System.nanoTime();
    if (how == null || nextAt - now > 0) {
      return;
    }
    if (!socket.isOpen() && !open(how)) {
      nextAt = now + OPEN_AGAIN_NANOS;
      return;
    }
    List<Peer> all = peers.all();
    long interval = how.interval().toNanos();
    if (all.isEmpty()) {
      nextAt = now + interval;
      return;
    }
    long turn = interval / all.size();
    long together = Math.min(TOGETHER_NANOS, interval / ProbeHistory.PER_ROUND);
    if (now - nextAt > interval) {
      // After a pause of the whole process, missed probes are not made up for.
      nextAt = now;
    }
    while (nextAt - now < together) {
      probe(all.get(next), how);
      next = (next + 1) % all.size();
      nextAt += turn;
    }
  }

  /** Sends the small probes of a closer look. */
  private void sendBetween() {
    ProbeSettings how = settings;
    long now = System.nanoTime();
    if (!lookingClosely || how == null || nextCloseAt - now > 0) {
      return;
    }
    List<Peer> closely = peers.worthALook();
    closely.forEach(peer -> probeBetween(peer, how));
    lookingClosely = !closely.isEmpty();
    nextCloseAt = now + how.closeInterval().toNanos();
  }

  private void probe(Peer peer, ProbeSettings how) {
    long number = peer.health().nextRound();
    for (ProbePath path : how.paths(peer.target())) {
      probe(peer, path, number, how);
    }
  }

  private void probeBetween(Peer peer, ProbeSettings how) {
    OptionalLong number = peer.health().nextBetween();
    if (number.isPresent()) {
      for (ProbePath path : how.paths(peer.target())) {
        if (path != ProbePath.FULL_SIZE) {
          probe(peer, path, number.getAsLong(), how);
        }
      }
    }
  }

  private void probe(Peer peer, ProbePath path, long number, ProbeSettings how) {
    int length = how.payload(peer.target(), path);
    long nonce = peer.signature().sign(length, clock.millis()).orElseGet(random::nextLong);
    EchoPacket request = new EchoPacket(Kind.REQUEST, nonce, length);
    InetSocketAddress to = new InetSocketAddress(how.address(peer.target(), path), how.port());
    long at = System.nanoTime();
    peer.health().sent(path, number);
    if (socket.trySend(request, to)) {
      // Time that this process spent without CPU meanwhile is not the peer's.
      long gone = System.nanoTime();
      long deadline = gone + how.timeout().toNanos();
      long latest = gone + how.latest().toNanos();
      underWay.add(request.nonce(), new Sent<>(peer, path, number, length, at, deadline, latest));
    } else {
      lost(peer, path, number, how);
    }
  }

  private boolean open(ProbeSettings how) {
    try {
      socket.open(how.port());
      portTaken.over("listens on UDP port " + how.port());
      return true;
    } catch (IOException e) {
      peers.all().forEach(peer -> peer.health().forget());
      onChange.run();
      portTaken.begins(
          String.valueOf(e.getMessage()),
          ("cannot listen on UDP port %d: %s; nothing is probed. Look what else listens there, or"
                  + " set the FlannelNetwork's spec.health.port")
              .formatted(how.port(), e.getMessage()));
      return false;
    }
  }

  private void closeSocket() {
    socket.close();
    underWay.keepOnly(peer -> false);
  }

  private long millisToWait() {
    if (settings == null) {
      return 0;
    }
    long now = System.nanoTime();
    long wait = Math.min(nextAt - now, underWay.nanosToWait(now));
    if (lookingClosely) {
      wait = Math.min(wait, nextCloseAt - now);
    }
    if (tcp.isUnderWay()) {
      wait = Math.min(wait, tcp.nanosToWait(now));
    }
    // Rounded up: 0 would block forever, and waking too early means waking twice.
    return Math.max(1, (wait + 999_999) / 1_000_000);
  }
}

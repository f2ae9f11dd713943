package io.flannel.operator.agent;

import io.flannel.operator.agent.EchoPacket.Kind;
import io.flannel.operator.agent.ProbeSettings.Target;
import io.flannel.operator.api.FlannelNodeStatus.PeerReport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;

/**
 * Probes the peers and answers their probes: one UDP socket, one thread, whatever the number of
 * peers.
 *
 * <p>Each peer has its turn once an interval, the turns being spread evenly over it. Waiting goes
 * by {@link System#nanoTime} alone. A probe is lost when its time is over and no answer waits in
 * the socket: a thread that got no CPU for a while reads first and judges then.
 *
 * <p>The socket sends with "don't fragment" and keeps to the path MTU that the kernel has learnt
 * (Linux' IP_PMTUDISC_DO): a full-size probe that is longer than that fails at once, as a loss.
 */
final class Prober implements Runnable, AutoCloseable {
  /** So many a second are answered to one peer: an interval of 1 s needs three. */
  private static final int ANSWERS_PER_SECOND = 8;

  private static final int ANSWERS_AT_ONCE = 16;

  /** So many datagrams are read before sending has its turn again. */
  private static final int READS_AT_ONCE = 256;

  private static final long OPEN_AGAIN_NANOS = 5_000_000_000L;
  private static final int SOCKET_BUFFER = 1 << 20;

  /** A probe under way. */
  private record Sent(Peer peer, ProbePath path, int length, long at, long deadline) {}

  /** A peer with what is known of it. */
  private record Peer(Target target, PeerHealth health, RateLimit answers) {
    boolean has(InetAddress address) {
      return target.address().equals(address)
          || target.overlay().filter(address::equals).isPresent();
    }
  }

  private final InetAddress bindAddress;
  private final Clock clock;
  private final RandomGenerator random;
  private final Runnable onChange;
  private final Outage portTaken = new Outage(Prober.class);
  private final Selector selector;
  private final TcpKnock tcp;
  private final ByteBuffer received = ByteBuffer.allocateDirect(EchoPacket.MAX_LENGTH + 1);
  private final ByteBuffer zeros = ByteBuffer.allocateDirect(EchoPacket.MAX_LENGTH);

  /** By nonce, the oldest first. */
  private final Map<Long, Sent> underWay = new LinkedHashMap<>();

  /** Who may ask; of two peers that claim one address, the first. */
  private final Map<InetAddress, Peer> askers = new HashMap<>();

  private volatile @Nullable ProbeSettings wanted;
  private volatile List<Peer> peers = List.of();
  private volatile boolean closed;

  private @Nullable ProbeSettings settings;
  private @Nullable DatagramChannel channel;
  private int next;
  private long nextAt;

  /**
   * @param bindAddress where to listen and to send from; the wildcard address for all
   * @param random makes the nonces: it must not be foreseeable
   * @param onChange called by the prober's thread when the verdict on a peer changed
   */
  Prober(InetAddress bindAddress, Clock clock, RandomGenerator random, Runnable onChange) {
    this.bindAddress = bindAddress;
    this.clock = clock;
    this.random = random;
    this.onChange = onChange;
    try {
      selector = Selector.open();
    } catch (IOException e) {
      throw new UncheckedIOException("no selector: too few file descriptors?", e);
    }
    tcp = new TcpKnock(selector);
  }

  /**
   * From now on probes these; null: nobody. What is known of peers that stay is kept. By any
   * thread.
   */
  void probe(@Nullable ProbeSettings now) {
    wanted = now;
    selector.wakeup();
  }

  /** What is known of every peer, in the order of the settings. By any thread. */
  List<PeerReport> reports() {
    return peers.stream().map(peer -> peer.health().report()).toList();
  }

  /** Ends {@link #run} soon. By any thread. */
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
        takeSettings();
        read();
        expire();
        send();
        selector.select(millisToWait());
        tcp.finish(selector.selectedKeys());
        selector.selectedKeys().clear();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the prober's selector fails", e);
    } finally {
      closeChannel();
      tcp.close();
      try {
        selector.close();
      } catch (IOException e) {
        // Nothing is lost: the process or the test ends.
      }
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
      closeChannel();
      nextAt = System.nanoTime();
    }
    Map<String, Peer> known = new HashMap<>();
    peers.forEach(peer -> known.put(peer.target().name(), peer));
    List<Target> targets = now == null ? List.of() : now.peers();
    List<Peer> staying = targets.stream().map(target -> peer(known, target)).toList();
    if (now != null) {
      staying.forEach(peer -> peer.health().keepOnly(now.paths(peer.target())));
    }
    underWay.values().removeIf(sent -> !staying.contains(sent.peer()));
    tcp.forgetAllBut(staying.stream().map(Peer::health).toList());
    askers.clear();
    for (Peer peer : staying) {
      askers.putIfAbsent(peer.target().address(), peer);
      peer.target().overlay().ifPresent(address -> askers.putIfAbsent(address, peer));
    }
    peers = staying;
    next = staying.isEmpty() ? 0 : next % staying.size();
  }

  /** The same peer at another address is another one: nothing is known of it. */
  private static Peer peer(Map<String, Peer> known, Target target) {
    Peer before = known.get(target.name());
    if (before == null || !before.target().address().equals(target.address())) {
      return new Peer(
          target,
          new PeerHealth(target.name()),
          new RateLimit(ANSWERS_PER_SECOND, ANSWERS_AT_ONCE, System.nanoTime()));
    }
    return before.target().equals(target)
        ? before
        : new Peer(target, before.health(), before.answers());
  }

  private void read() {
    DatagramChannel socket = channel;
    if (socket == null) {
      return;
    }
    for (int i = 0; i < READS_AT_ONCE; i++) {
      received.clear();
      try {
        if (!(socket.receive(received) instanceof InetSocketAddress from)) {
          return;
        }
        received.flip();
        Peer peer = askers.get(from.getAddress());
        if (peer != null) {
          EchoPacket.read(received).ifPresent(packet -> take(packet, peer, from, socket));
        }
      } catch (IOException e) {
        // An ICMP error of an earlier packet, perhaps; the packet concerned will time out.
        return;
      }
    }
  }

  private void take(EchoPacket packet, Peer from, InetSocketAddress address, DatagramChannel out) {
    long now = System.nanoTime();
    if (packet.kind() == Kind.REQUEST) {
      if (from.answers().allows(now)) {
        trySend(out, packet.answer(), address);
      }
      return;
    }
    Sent sent = underWay.get(packet.nonce());
    // The answer may come from the peer's other address: with direct routes, it does.
    if (sent == null
        || sent.length() != packet.length()
        || !sent.peer().has(address.getAddress())) {
      return;
    }
    underWay.remove(packet.nonce());
    ProbeSettings how = settings;
    if (how != null) {
      long micros = (now - sent.at()) / 1000;
      tell(sent.peer().health().answered(sent.path(), micros, how.rules(), clock.instant()));
    }
  }

  private void expire() {
    long now = System.nanoTime();
    Iterator<Sent> oldestFirst = underWay.values().iterator();
    while (oldestFirst.hasNext()) {
      Sent sent = oldestFirst.next();
      if (sent.deadline() - now > 0) {
        break;
      }
      oldestFirst.remove();
      lost(sent.peer(), sent.path());
    }
    tcp.expire(now);
  }

  private void lost(Peer peer, ProbePath path) {
    ProbeSettings how = settings;
    if (how == null) {
      return;
    }
    PeerHealth health = peer.health();
    tell(health.lost(path, how.rules(), clock.instant()));
    if (path == ProbePath.UNDERLAY) {
      InetSocketAddress address = new InetSocketAddress(peer.target().address(), how.port());
      tcp.knock(
          health,
          address,
          System.nanoTime() + how.timeout().toNanos(),
          reached -> tell(health.connected(reached, how.rules(), clock.instant())));
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
    if (channel == null && !open(how)) {
      nextAt = now + OPEN_AGAIN_NANOS;
      return;
    }
    List<Peer> all = peers;
    long interval = how.interval().toNanos();
    if (all.isEmpty()) {
      nextAt = now + interval;
      return;
    }
    long turn = interval / all.size();
    if (now - nextAt > interval) {
      // After a pause of the whole process: nothing is made up for.
      nextAt = now;
    }
    while (nextAt - now <= 0) {
      probe(all.get(next), how);
      next = (next + 1) % all.size();
      nextAt += turn;
    }
  }

  private void probe(Peer peer, ProbeSettings how) {
    DatagramChannel socket = channel;
    if (socket == null) {
      return;
    }
    Instant now = clock.instant();
    tell(peer.health().roundEnded(now));
    for (ProbePath path : how.paths(peer.target())) {
      int length = how.payload(peer.target(), path);
      EchoPacket request = new EchoPacket(Kind.REQUEST, random.nextLong(), length);
      InetSocketAddress to = new InetSocketAddress(how.address(peer.target(), path), how.port());
      long at = System.nanoTime();
      underWay.put(request.nonce(), new Sent(peer, path, length, at, at + how.timeout().toNanos()));
      if (!trySend(socket, request, to)) {
        underWay.remove(request.nonce());
        lost(peer, path);
      }
    }
  }

  /** Whether the kernel took it: it does not if there is no route, or if it is too long. */
  private boolean trySend(DatagramChannel socket, EchoPacket packet, InetSocketAddress to) {
    packet.writeTo(zeros);
    try {
      return socket.send(zeros, to) == packet.length();
    } catch (IOException | IllegalArgumentException | SecurityException e) {
      return false;
    }
  }

  private boolean open(ProbeSettings how) {
    DatagramChannel opened = null;
    try {
      opened = DatagramChannel.open();
      opened.configureBlocking(false);
      opened.setOption(ExtendedSocketOptions.IP_DONTFRAGMENT, true);
      opened.setOption(StandardSocketOptions.SO_RCVBUF, SOCKET_BUFFER);
      opened.bind(new InetSocketAddress(bindAddress, how.port()));
      opened.register(selector, SelectionKey.OP_READ);
      channel = opened;
      portTaken.over("listens on UDP port " + how.port());
      return true;
    } catch (IOException e) {
      close(opened);
      peers.forEach(peer -> peer.health().forget());
      onChange.run();
      portTaken.begins(
          String.valueOf(e.getMessage()),
          ("cannot listen on UDP port %d: %s; nothing is probed. Look what else listens there, or"
                  + " set the FlannelNetwork's spec.health.port")
              .formatted(how.port(), e.getMessage()));
      return false;
    }
  }

  private void closeChannel() {
    close(channel);
    channel = null;
    underWay.clear();
  }

  private static void close(@Nullable DatagramChannel open) {
    if (open != null) {
      try {
        open.close();
      } catch (IOException e) {
        // It is gone one way or the other.
      }
    }
  }

  private long millisToWait() {
    if (settings == null) {
      return 0;
    }
    long now = System.nanoTime();
    long wait = nextAt - now;
    if (!underWay.isEmpty()) {
      wait = Math.min(wait, underWay.values().iterator().next().deadline() - now);
    }
    wait = Math.min(wait, tcp.nanosToWait(now));
    // Rounded up: 0 would be for ever, and waking too early is waking twice.
    return Math.max(1, (wait + 999_999) / 1_000_000);
  }
}

package io.flannel.operator.agent;

import io.flannel.operator.api.FlannelNodeStatus.PeerReport;
import io.flannel.operator.flannel.Cidr;
import java.net.InetAddress;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The results of one peer's probes so far. It sees results, not time, so neither a pause nor a
 * clock jump counts as a loss.
 *
 * <p>Thread-safe.
 */
final class PeerHealth {
  private static final long ALL = -1L;

  /** Share of losses from which connections suffer: {@code lossy} begins. */
  private static final double LOSSY_FROM = 0.10;

  /** Share of losses below which {@code lossy} ends. */
  private static final double LOSSY_UNTIL = 0.03;

  /**
   * The newer half of the slots. {@code lossy} begins by these; it ends by all slots, or by these
   * alone if they have enough probes and no loss.
   */
  private static final long NEWER = ALL >>> (Long.SIZE / 2);

  /**
   * Minimum number of probes in the newer half to end {@code lossy} by it; only a closer look sends
   * that many.
   */
  private static final int MANY = 40;

  /**
   * Minimum number of separate series of losses: an outage of a second or two loses many probes,
   * but in a single series.
   */
  private static final int LOSSY_ROWS = 3;

  /** The results whose change is reported at once. */
  record Verdict(
      Optional<Boolean> overlay,
      Optional<Boolean> fullSize,
      Optional<Boolean> underlay,
      Optional<Boolean> alive,
      boolean lossy) {}

  private record Track(PathState state, ProbeHistory history) {
    static final Track NEW = new Track(PathState.UNKNOWN, ProbeHistory.EMPTY);

    /** A path that is down is not lossy: probes lost while it went down must not count as loss. */
    Track {
      history = state.isDown() ? ProbeHistory.EMPTY : history;
    }

    Track with(PathState next) {
      return new Track(next, history);
    }

    Track with(ProbeHistory next) {
      return new Track(state, next);
    }

    boolean isLosing() {
      return !state.isDown() && (!state.last() || history.lost() != 0);
    }
  }

  private final String name;
  private final InetAddress address;
  private final Map<ProbePath, Track> tracks = new EnumMap<>(ProbePath.class);
  private final RttWindow rtt = new RttWindow();

  /**
   * The path whose round-trip times are reported: the overlay if there is one, since pods' packets
   * take it.
   */
  private ProbePath timed = ProbePath.OVERLAY;

  private PathState tcp = PathState.UNKNOWN;

  /** The number of the current round's first slot, and how many of the round's slots are used. */
  private long round;

  private int used = ProbeHistory.PER_ROUND;
  private boolean lossy;
  private @Nullable Instant since;

  /**
   * @param name the name of the peer's Node
   * @param address its node address
   */
  PeerHealth(String name, InetAddress address) {
    this.name = name;
    this.address = address;
  }

  /** Sets the paths that are probed, and forgets the results of others. Call this first. */
  synchronized void keepOnly(Set<ProbePath> paths) {
    tracks.keySet().retainAll(paths);
    ProbePath now = paths.contains(ProbePath.OVERLAY) ? ProbePath.OVERLAY : ProbePath.UNDERLAY;
    if (now != timed) {
      timed = now;
      rtt.clear();
    }
  }

  /** Forgets all results, because nothing can be probed at present. */
  synchronized void forget() {
    tracks.clear();
    rtt.clear();
    tcp = PathState.UNKNOWN;
    lossy = false;
    since = null;
  }

  /** Begins a round and returns the number of its probes, one for each path. */
  synchronized long nextRound() {
    round += ProbeHistory.PER_ROUND;
    used = 1;
    tracks.replaceAll((path, track) -> track.with(track.history().nextRound()));
    return round;
  }

  /**
   * Returns the number of the next probes between this round and the following one; empty if all
   * slots of the round are used. Their losses count for {@code lossy} alone.
   */
  synchronized OptionalLong nextBetween() {
    return used < ProbeHistory.PER_ROUND ? OptionalLong.of(round + used++) : OptionalLong.empty();
  }

  /** Records that a probe was sent. */
  synchronized void sent(ProbePath path, long number) {
    Track track = track(path);
    tracks.put(path, track.with(track.history().withSent(age(number))));
  }

  /**
   * Records the answer to a probe.
   *
   * @param late whether the probe already counted as lost
   * @param micros the round-trip time
   * @param failAfter how many equal results in a row decide
   * @return whether the verdict changed
   */
  synchronized boolean answered(
      ProbePath path, long number, boolean late, long micros, int failAfter, Instant now) {
    Verdict before = verdict();
    if (path == timed) {
      rtt.add(micros);
    }
    Track track = track(path);
    PathState next =
        late
            ? track.state().answeredLate()
            : isBetween(number)
                ? track.state().interrupted()
                : track.state().after(true, failAfter);
    tracks.put(path, new Track(next, track.history().withAnswered(age(number))));
    if (path == ProbePath.UNDERLAY && !isBetween(number)) {
      // While the path recovers, no TCP connection is tried; the answer itself shows that the node
      // is alive.
      tcp = next.isDown() ? tcp.after(true, 1) : PathState.UNKNOWN;
    }
    judgeLoss();
    return changed(before, now);
  }

  /**
   * Records that a probe's deadline passed. Changes nothing for a probe between two rounds.
   *
   * @param failAfter how many equal results in a row decide
   * @return whether the verdict changed
   */
  synchronized boolean lost(ProbePath path, long number, int failAfter, Instant now) {
    if (isBetween(number)) {
      return false;
    }
    Verdict before = verdict();
    Track track = track(path);
    tracks.put(path, track.with(track.state().after(false, lossesNeeded(path, failAfter))));
    judgeLoss();
    return changed(before, now);
  }

  /**
   * Records the outcome of a TCP connection to the peer. A connection that was accepted or refused
   * proves that the node is alive; silence counts only when repeated.
   *
   * @return whether the verdict changed
   */
  synchronized boolean connected(boolean reached, int failAfter, Instant now) {
    Verdict before = verdict();
    tcp = tcp.after(reached, reached ? 1 : failAfter);
    return changed(before, now);
  }

  /** Whether some recent probes were lost on a path that is not down: worth a closer look. */
  synchronized boolean isLosing() {
    return tracks.values().stream().anyMatch(Track::isLosing);
  }

  synchronized Verdict verdict() {
    Optional<Boolean> underlay = track(ProbePath.UNDERLAY).state().passes();
    return new Verdict(
        track(ProbePath.OVERLAY).state().passes(),
        track(ProbePath.FULL_SIZE).state().passes(),
        underlay,
        underlay.equals(Optional.of(false)) ? tcp.passes() : Optional.empty(),
        lossy);
  }

  /** Returns the peer's entry in the FlannelNode's status, without the route to it. */
  synchronized PeerReport report() {
    return rtt.isEmpty() ? report(null, null) : report(rtt.percentile(50), rtt.percentile(99));
  }

  /** The same without the round-trip times, which take most of the time to compute. */
  synchronized PeerReport reportWithoutTimes() {
    return report(null, null);
  }

  private PeerReport report(@Nullable Integer rttP50, @Nullable Integer rttP99) {
    Verdict verdict = verdict();
    Share share = share(ALL);
    return new PeerReport(
        name,
        Cidr.ofAddress(address.getHostAddress()).base(),
        verdict.overlay().orElse(null),
        verdict.fullSize().orElse(null),
        verdict.underlay().orElse(null),
        verdict.alive().orElse(null),
        share.isEmpty() ? null : lossy,
        share.isEmpty() ? null : isLosing(),
        share.isEmpty() ? null : Math.toIntExact(Math.round(100 * share.lost())),
        rttP50,
        rttP99,
        since == null ? null : since.toString(),
        null);
  }

  /**
   * How many losses in a row decide. Where small packets get lost, too, several full-size ones in a
   * row may be lost by chance, which does not prove an MTU black hole.
   */
  private int lossesNeeded(ProbePath path, int failAfter) {
    boolean byChance = path == ProbePath.FULL_SIZE && track(ProbePath.OVERLAY).isLosing();
    return byChance ? 2 * failAfter : failAfter;
  }

  private void judgeLoss() {
    lossy =
        lossy
            ? share(ALL).lost() >= LOSSY_UNTIL && !share(NEWER).isFlawless()
            : rowsOfLosses() >= LOSSY_ROWS && share(NEWER).lost() >= LOSSY_FROM;
  }

  private boolean changed(Verdict before, Instant now) {
    boolean changed = !verdict().equals(before);
    if (changed) {
      since = now.truncatedTo(ChronoUnit.MILLIS);
    }
    return changed;
  }

  private Track track(ProbePath path) {
    return tracks.getOrDefault(path, Track.NEW);
  }

  private long age(long number) {
    return round + ProbeHistory.PER_ROUND - 1 - number;
  }

  private static boolean isBetween(long number) {
    return number % ProbeHistory.PER_ROUND != 0;
  }

  /** The number of settled probes, and the share of them that was lost, from 0 to 1. */
  private record Share(int probes, double lost) {
    boolean isEmpty() {
      return probes == 0;
    }

    boolean isFlawless() {
      return probes >= MANY && lost == 0;
    }
  }

  private Share share(long slots) {
    int settled = 0;
    int lost = 0;
    for (Track track : tracks.values()) {
      settled += Long.bitCount(track.history().settled() & slots);
      lost += Long.bitCount(track.history().lost() & slots);
    }
    return new Share(settled, settled == 0 ? 0 : (double) lost / settled);
  }

  /**
   * How many series of losses began; those that began in the same slot on several paths count once.
   */
  private int rowsOfLosses() {
    long beginnings = 0;
    for (Track track : tracks.values()) {
      beginnings |= track.history().beginningsOfLoss();
    }
    return Long.bitCount(beginnings);
  }
}

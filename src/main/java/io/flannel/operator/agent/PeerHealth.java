package io.flannel.operator.agent;

import io.flannel.operator.api.FlannelNodeStatus.PeerReport;
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
 * What the probes of one peer have shown so far. It sees results, not time: neither a pause nor a
 * jump of the clock is a loss.
 *
 * <p>Safe for use by several threads.
 */
final class PeerHealth {
  private static final long ALL = -1L;

  /** Connections suffer from this share of losses on. */
  private static final double LOSSY_FROM = 0.10;

  /** And no more below this one. */
  private static final double LOSSY_UNTIL = 0.03;

  /** By these slots, the newer half, it begins, and ends by all; or by these if they are enough. */
  private static final long NEWER = ALL >>> (Long.SIZE / 2);

  /** So many of the newer half there are only in a close look. */
  private static final int MANY = 40;

  /** An outage of a second or two loses many probes, but all in one row. */
  private static final int LOSSY_ROWS = 3;

  /** What a report is written for at once when it changes. */
  record Verdict(
      Optional<Boolean> overlay,
      Optional<Boolean> fullSize,
      Optional<Boolean> underlay,
      Optional<Boolean> alive,
      boolean lossy) {}

  private record Track(PathState state, ProbeHistory history) {
    static final Track NEW = new Track(PathState.UNKNOWN, ProbeHistory.EMPTY);

    /** A path that is down is not lossy: what was lost on its way down must not count as loss. */
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

  /** The path whose round-trip times are told: pods' packets take it, if there is an overlay. */
  private ProbePath timed = ProbePath.OVERLAY;

  private PathState tcp = PathState.UNKNOWN;

  /** The number of the present round's first slot, and the slots of it that were used. */
  private long round;

  private int used = ProbeHistory.PER_ROUND;
  private boolean lossy;
  private @Nullable Instant since;

  /**
   * @param name the peer's Node
   * @param address its node address
   */
  PeerHealth(String name, InetAddress address) {
    this.name = name;
    this.address = address;
  }

  /** To be called first: these paths are probed, and what is known of others is forgotten. */
  synchronized void keepOnly(Set<ProbePath> paths) {
    tracks.keySet().retainAll(paths);
    ProbePath now = paths.contains(ProbePath.OVERLAY) ? ProbePath.OVERLAY : ProbePath.UNDERLAY;
    if (now != timed) {
      timed = now;
      rtt.clear();
    }
  }

  /** Forgets all results: nothing can be probed at present. */
  synchronized void forget() {
    tracks.clear();
    rtt.clear();
    tcp = PathState.UNKNOWN;
    lossy = false;
    since = null;
  }

  /** Begins a round. Returns the number of its probes, one of each path. */
  synchronized long nextRound() {
    round += ProbeHistory.PER_ROUND;
    used = 1;
    tracks.replaceAll((path, track) -> track.with(track.history().nextRound()));
    return round;
  }

  /**
   * The number of probes between this round and the next, which are for {@code lossy} alone; empty
   * if the round has had as many as it can.
   */
  synchronized OptionalLong nextBetween() {
    return used < ProbeHistory.PER_ROUND ? OptionalLong.of(round + used++) : OptionalLong.empty();
  }

  /** Takes that a probe is under way. */
  synchronized void sent(ProbePath path, long number) {
    Track track = track(path);
    tracks.put(path, track.with(track.history().withSent(age(number))));
  }

  /**
   * Takes a probe's answer.
   *
   * @param late whether the probe was taken for lost already
   * @param micros how long it took
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
      // On its way back nobody asks by TCP, and an answer says as much.
      tcp = next.isDown() ? tcp.after(true, 1) : PathState.UNKNOWN;
    }
    judgeLoss();
    return changed(before, now);
  }

  /**
   * Takes that a probe's time is over. One between two rounds says nothing by that.
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
   * Takes the outcome of a TCP connection to the peer. That it was accepted or refused proves that
   * there is a node; silence has to repeat itself.
   *
   * @return whether the verdict changed
   */
  synchronized boolean connected(boolean reached, int failAfter, Instant now) {
    Verdict before = verdict();
    tcp = tcp.after(reached, reached ? 1 : failAfter);
    return changed(before, now);
  }

  /** Whether some probes were lost of late, and some may have passed: worth a closer look. */
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

  /** What is said of the peer in the FlannelNode's status, but for the route to it. */
  synchronized PeerReport report() {
    return rtt.isEmpty() ? report(null, null) : report(rtt.percentile(50), rtt.percentile(99));
  }

  /** The same without the round-trip times, which take most of the time. */
  synchronized PeerReport reportWithoutTimes() {
    return report(null, null);
  }

  private PeerReport report(@Nullable Integer rttP50, @Nullable Integer rttP99) {
    Verdict verdict = verdict();
    Share share = share(ALL);
    return new PeerReport(
        name,
        address.getHostAddress(),
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
   * How many losses in a row decide. Where small packets get lost, too, some full-size ones in a
   * row do by chance: that alone makes no black hole.
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

  /** What share of so many probes was lost. */
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

  /** How many rows of losses began, those counting once that began together. */
  private int rowsOfLosses() {
    long beginnings = 0;
    for (Track track : tracks.values()) {
      beginnings |= track.history().beginningsOfLoss();
    }
    return Long.bitCount(beginnings);
  }
}

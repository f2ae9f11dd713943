package io.flannel.operator.agent;

import io.flannel.operator.api.FlannelNodeStatus.PeerReport;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the probes of one peer have shown so far. It sees results, not time: neither a pause nor a
 * jump of the clock is a loss.
 *
 * <p>Safe for use by several threads.
 */
final class PeerHealth {
  /** Connections suffer from this share of losses on. */
  private static final double LOSSY_FROM = 0.10;

  /** And no more below this one. */
  private static final double LOSSY_UNTIL = 0.03;

  private static final int LOSSY_LOSSES = 3;

  /** If the peer's agent is late once, one round loses all of its probes, and the next may. */
  private static final int LOSSY_ROUNDS = 3;

  /**
   * How results are judged.
   *
   * @param failAfter how many equal results in a row decide
   * @param window how many probes of each path {@code lossy} is judged by
   */
  record Rules(int failAfter, int window) {}

  /** What a report is written for at once when it changes. */
  record Verdict(
      Optional<Boolean> overlay,
      Optional<Boolean> fullSize,
      Optional<Boolean> underlay,
      Optional<Boolean> alive,
      boolean lossy) {}

  private record Track(PathState state, ProbeHistory history) {
    static final Track NEW = new Track(PathState.UNKNOWN, ProbeHistory.EMPTY);

    Track after(boolean answered, int needed, Rules rules) {
      PathState next = state.after(answered, needed);
      // A path that is down is not lossy: what was lost on its way down must not count as loss.
      boolean down = next.passes().equals(Optional.of(false));
      return new Track(next, down ? ProbeHistory.EMPTY : history.with(answered, rules.window()));
    }
  }

  private final String name;
  private final Map<ProbePath, Track> tracks = new EnumMap<>(ProbePath.class);
  private final RttWindow rtt = new RttWindow();

  /** The path whose round-trip times are told: pods' packets take it, if there is an overlay. */
  private ProbePath timed = ProbePath.OVERLAY;

  private PathState tcp = PathState.UNKNOWN;
  private boolean lossy;
  private @Nullable Instant since;

  PeerHealth(String name) {
    this.name = name;
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

  /**
   * Takes a probe's answer.
   *
   * @param micros how long it took
   * @return whether the verdict changed
   */
  synchronized boolean answered(ProbePath path, long micros, Rules rules, Instant now) {
    if (path == timed) {
      rtt.add(micros);
    }
    return observe(path, true, rules, now);
  }

  /** Takes a probe's loss; returns whether the verdict changed. */
  synchronized boolean lost(ProbePath path, Rules rules, Instant now) {
    return observe(path, false, rules, now);
  }

  /**
   * Takes the outcome of a TCP connection to the peer. That it was accepted or refused proves that
   * there is a node; silence has to repeat itself.
   *
   * @return whether the verdict changed
   */
  synchronized boolean connected(boolean reached, Rules rules, Instant now) {
    Verdict before = verdict();
    tcp = tcp.after(reached, reached ? 1 : rules.failAfter());
    return changed(before, now);
  }

  /**
   * Judges anew whether the peer is lossy. To be called between two rounds, when every path has one
   * more result: only then do the losses of one round count as such.
   *
   * @return whether the verdict changed
   */
  synchronized boolean roundEnded(Instant now) {
    Verdict before = verdict();
    double share = settled() == 0 ? 0 : (double) losses() / settled();
    lossy =
        lossy
            ? share >= LOSSY_UNTIL
            : share >= LOSSY_FROM && losses() >= LOSSY_LOSSES && roundsWithLoss() >= LOSSY_ROUNDS;
    return changed(before, now);
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

  /** What is said of the peer in the FlannelNode's status. */
  synchronized PeerReport report() {
    Verdict verdict = verdict();
    int settled = settled();
    return new PeerReport(
        name,
        verdict.overlay().orElse(null),
        verdict.fullSize().orElse(null),
        verdict.underlay().orElse(null),
        verdict.alive().orElse(null),
        settled == 0 ? null : lossy,
        settled == 0 ? null : Math.toIntExact(Math.round(100.0 * losses() / settled)),
        rtt.isEmpty() ? null : rtt.percentile(50),
        rtt.isEmpty() ? null : rtt.percentile(99),
        since == null ? null : since.toString());
  }

  private boolean observe(ProbePath path, boolean answered, Rules rules, Instant now) {
    Verdict before = verdict();
    tracks.put(path, track(path).after(answered, needed(path, answered, rules), rules));
    if (path == ProbePath.UNDERLAY && answered) {
      tcp = PathState.UNKNOWN;
    }
    return changed(before, now);
  }

  /**
   * How many equal results in a row decide. Where small packets get lost, too, some full-size ones
   * in a row do by chance: that alone makes no black hole.
   */
  private int needed(ProbePath path, boolean answered, Rules rules) {
    boolean byChance =
        path == ProbePath.FULL_SIZE && !answered && track(ProbePath.OVERLAY).history().lost() != 0;
    return byChance ? 2 * rules.failAfter() : rules.failAfter();
  }

  private boolean changed(Verdict before, Instant now) {
    boolean changed = !verdict().equals(before);
    if (changed) {
      since = now.truncatedTo(ChronoUnit.SECONDS);
    }
    return changed;
  }

  private Track track(ProbePath path) {
    return tracks.getOrDefault(path, Track.NEW);
  }

  private int settled() {
    return tracks.values().stream().mapToInt(track -> track.history().settled()).sum();
  }

  private int losses() {
    return tracks.values().stream()
        .mapToInt(track -> Long.bitCount(track.history().settledLosses()))
        .sum();
  }

  private int roundsWithLoss() {
    return Long.bitCount(
        tracks.values().stream()
            .mapToLong(track -> track.history().settledLosses())
            .reduce(0, (a, b) -> a | b));
  }
}

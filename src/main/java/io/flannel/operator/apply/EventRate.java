package io.flannel.operator.apply;

import io.flannel.operator.report.NetworkEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Limits a network's Events, as client-go's spam filter does: for each reason a burst of 25 and
 * then one a minute, for all reasons together a burst of 100 and then ten a minute. Events beyond
 * that are counted: once there is room, the last of them is emitted with the number of the others.
 */
final class EventRate {
  private static final int BURST = 25;
  private static final Duration EACH = Duration.ofMinutes(1);
  private static final int BURST_OF_ALL = 100;
  private static final Duration EACH_OF_ALL = Duration.ofSeconds(6);

  /**
   * An Event to emit now.
   *
   * @param others how many earlier Events of the same reason were held back
   */
  record Told(NetworkEvent happening, int others) {}

  private record Key(String network, String reason) {}

  /** A token bucket. */
  private static final class Bucket {
    private final Duration each;
    private final Duration full;
    private Instant emptyAt;

    Bucket(int burst, Duration each, Instant now) {
      this.each = each;
      this.full = each.multipliedBy(burst);
      this.emptyAt = now.minus(full);
    }

    boolean isFull(Instant now) {
      return !emptyAt.plus(full).isAfter(now);
    }

    /** A clock that was set back must not use up tokens. */
    boolean hasOne(Instant now) {
      return emptyAt.isAfter(now) || !emptyAt.plus(each).isAfter(now);
    }

    void take(Instant now) {
      Instant earliest = now.minus(full);
      Instant from = emptyAt.isBefore(earliest) || emptyAt.isAfter(now) ? earliest : emptyAt;
      emptyAt = from.plus(each);
    }
  }

  /** The state of one reason. */
  private static final class Held {
    private final Bucket bucket;
    private @Nullable NetworkEvent last;
    private int count;

    Held(Instant now) {
      bucket = new Bucket(BURST, EACH, now);
    }
  }

  private final Map<Key, Held> byReason = new HashMap<>();
  private final Map<String, Bucket> byNetwork = new HashMap<>();

  /**
   * Decides whether an Event may be emitted now.
   *
   * @return empty if it is held back
   */
  synchronized Optional<Told> tell(String network, NetworkEvent happening, Instant now) {
    forgetTheQuiet(now);
    Held held =
        byReason.computeIfAbsent(new Key(network, happening.reason()), key -> new Held(now));
    if (held.bucket.hasOne(now) && all(network, now).hasOne(now)) {
      return Optional.of(take(network, held, happening, now));
    }
    held.last = happening;
    held.count++;
    return Optional.empty();
  }

  /** How many Events of a reason are held back. */
  synchronized int heldBack(String network, String reason) {
    Held held = byReason.get(new Key(network, reason));
    return held == null ? 0 : held.count;
  }

  /** The held-back Events that may be emitted now: the last one of each reason. */
  synchronized List<Told> overdue(String network, Instant now) {
    List<Told> overdue = new ArrayList<>();
    byReason.forEach(
        (key, held) -> {
          if (key.network().equals(network)
              && held.count > 0
              && held.bucket.hasOne(now)
              && all(network, now).hasOne(now)) {
            held.count--;
            overdue.add(take(network, held, Objects.requireNonNull(held.last), now));
          }
        });
    return overdue;
  }

  private Told take(String network, Held held, NetworkEvent happening, Instant now) {
    held.bucket.take(now);
    all(network, now).take(now);
    Told told = new Told(happening, held.count);
    held.count = 0;
    held.last = null;
    return told;
  }

  private Bucket all(String network, Instant now) {
    return byNetwork.computeIfAbsent(network, any -> new Bucket(BURST_OF_ALL, EACH_OF_ALL, now));
  }

  private void forgetTheQuiet(Instant now) {
    byNetwork.values().removeIf(bucket -> bucket.isFull(now));
    byReason.values().removeIf(held -> held.count == 0 && held.bucket.isFull(now));
  }
}

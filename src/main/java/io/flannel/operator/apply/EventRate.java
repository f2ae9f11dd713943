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
 * How many Events of a network are told, as client-go's spam filter bounds it: of each reason 25 at
 * once and then one a minute, and of all together 100 at once and then ten a minute. What came too
 * fast is not lost: the last of it is told when there is room, with how many there were.
 */
final class EventRate {
  private static final int BURST = 25;
  private static final Duration EACH = Duration.ofMinutes(1);
  private static final int BURST_OF_ALL = 100;
  private static final Duration EACH_OF_ALL = Duration.ofSeconds(6);

  /**
   * What is to be told now.
   *
   * @param others how many of the same reason were held back before it
   */
  record Told(NetworkEvent happening, int others) {}

  private record Key(String network, String reason) {}

  /** What is left of a number of Events, and comes back with time. */
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

    /** A clock that was set back takes nothing away. */
    boolean hasOne(Instant now) {
      return emptyAt.isAfter(now) || !emptyAt.plus(each).isAfter(now);
    }

    void take(Instant now) {
      Instant earliest = now.minus(full);
      Instant from = emptyAt.isBefore(earliest) || emptyAt.isAfter(now) ? earliest : emptyAt;
      emptyAt = from.plus(each);
    }
  }

  /** Of one reason. */
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
   * Asks whether something that happened may be told now.
   *
   * @return empty: it is held back
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

  /** How many of a reason are held back. */
  synchronized int heldBack(String network, String reason) {
    Held held = byReason.get(new Key(network, reason));
    return held == null ? 0 : held.count;
  }

  /** What was held back of a network and may be told now: of each reason the last. */
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

package io.flannel.operator.control;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.informers.cache.ItemStore;
import io.flannel.operator.overlay.PrintableText;
import io.javaoperatorsdk.operator.processing.event.source.filter.OnAddFilter;
import io.javaoperatorsdk.operator.processing.event.source.filter.OnDeleteFilter;
import io.javaoperatorsdk.operator.processing.event.source.filter.OnUpdateFilter;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiPredicate;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A store in which no object ends the watch that fills it: one that can't be judged is left out and
 * named in the log, and the others go on. The client would begin such a watch again, and come upon
 * the same object each time; and of a {@link StackOverflowError}, which takes no more than a text
 * that is long enough, it catches nothing.
 */
final class GuardedStore<R extends HasMetadata> implements ItemStore<R> {
  private static final Logger LOG = LoggerFactory.getLogger(GuardedStore.class);

  /** So many are remembered to have been named: anybody can make any number of them. */
  private static final int MOST_NAMED = 1_000;

  private static final int WORDS = 256;

  private final ItemStore<R> store;
  private final Map<String, String> named = new ConcurrentHashMap<>();

  GuardedStore(ItemStore<R> store) {
    this.store = store;
  }

  /** A filter that lets through what it can't judge: an event too many does no harm. */
  static <R> OnAddFilter<R> added(Predicate<R> matters) {
    return now -> judged(() -> matters.test(now), true);
  }

  /** A filter that lets through what it can't judge. */
  static <R> OnUpdateFilter<R> updated(BiPredicate<R, R> differ) {
    return (now, before) -> judged(() -> differ.test(now, before), true);
  }

  /** A filter that lets through what it can't judge. */
  static <R> OnDeleteFilter<R> deleted(Predicate<R> mattered) {
    return (gone, ignored) -> judged(() -> mattered.test(gone), true);
  }

  /** What is said of an object of anybody's, or {@code otherwise} where it can't be judged. */
  static boolean judged(BooleanSupplier judgement, boolean otherwise) {
    try {
      return judgement.getAsBoolean();
    } catch (RuntimeException | StackOverflowError e) {
      return otherwise;
    }
  }

  @Override
  public @Nullable R put(String key, R object) {
    try {
      R before = store.put(key, object);
      named.remove(key);
      return before;
    } catch (RuntimeException | StackOverflowError e) {
      name(key, object, e);
      return store.remove(key);
    }
  }

  private void name(String key, R object, Throwable fault) {
    String why = PrintableText.shortened(fault.toString(), WORDS);
    if (named.size() < MOST_NAMED && !why.equals(named.put(key, why))) {
      LOG.error(
          "{} {} can't be judged and is left out, as if it were not there: {}, at {}",
          object.getKind(),
          key,
          why,
          Arrays.stream(fault.getStackTrace()).findFirst().map(Object::toString).orElse("?"));
    }
  }

  @Override
  public String getKey(R object) {
    return store.getKey(object);
  }

  @Override
  public @Nullable R remove(String key) {
    named.remove(key);
    return store.remove(key);
  }

  @Override
  public Stream<String> keySet() {
    return store.keySet();
  }

  @Override
  public Stream<R> values() {
    return store.values();
  }

  @Override
  public int size() {
    return store.size();
  }

  @Override
  public @Nullable R get(String key) {
    return store.get(key);
  }

  @Override
  public boolean isFullState() {
    return store.isFullState();
  }
}

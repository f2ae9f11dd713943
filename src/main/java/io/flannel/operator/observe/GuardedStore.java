package io.flannel.operator.observe;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.informers.cache.Cache;
import io.fabric8.kubernetes.client.informers.cache.ItemStore;
import io.flannel.operator.flannel.PrintableText;
import io.javaoperatorsdk.operator.processing.event.source.filter.OnAddFilter;
import io.javaoperatorsdk.operator.processing.event.source.filter.OnDeleteFilter;
import io.javaoperatorsdk.operator.processing.event.source.filter.OnUpdateFilter;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import java.util.function.BiPredicate;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps of each object what a function reads of it. No object ends the watch that fills it: one
 * that can't be judged is left out and named in the log, and the others go on. The client would
 * begin such a watch again, and come upon the same object each time; and of a {@link
 * StackOverflowError}, which takes no more than a text that is long enough, it catches nothing.
 *
 * @param <K> what is kept
 */
final class GuardedStore<R extends HasMetadata, K> implements ItemStore<R> {
  private static final Logger LOG = LoggerFactory.getLogger(GuardedStore.class);

  /** So many are remembered to have been named: anybody can make any number of them. */
  private static final int MOST_NAMED = 1_000;

  private static final int WORDS = 256;

  private final BiFunction<R, Optional<K>, K> read;
  private final Function<K, R> shown;
  private final Map<String, K> byKey = new ConcurrentHashMap<>();
  private final Map<String, String> named = new ConcurrentHashMap<>();

  /**
   * Prepares it.
   *
   * @param read what to keep of an object, given what is kept of it by now
   * @param shown what an informer needs, and those who list its objects
   */
  GuardedStore(BiFunction<R, Optional<K>, K> read, Function<K, R> shown) {
    this.read = read;
    this.shown = shown;
  }

  /** One that keeps smaller objects. */
  static <R extends HasMetadata> GuardedStore<R, R> of(UnaryOperator<R> slim) {
    return new GuardedStore<>((object, _) -> slim.apply(object), Function.identity());
  }

  /** What is kept of all. */
  Stream<K> kept() {
    return byKey.values().stream();
  }

  /** What is kept of one; empty: it is not there, or can't be judged. */
  Optional<K> kept(String key) {
    return Optional.ofNullable(byKey.get(key));
  }

  /** Keeps this instead of one that is there. */
  void replace(String key, K kept) {
    byKey.replace(key, kept);
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
  static boolean judged(BooleanSupplier question, boolean otherwise) {
    try {
      return question.getAsBoolean();
    } catch (RuntimeException | StackOverflowError e) {
      return otherwise;
    }
  }

  @Override
  public synchronized @Nullable R put(String key, R object) {
    try {
      K before = byKey.put(key, read.apply(object, kept(key)));
      named.remove(key);
      return shown(before);
    } catch (RuntimeException | StackOverflowError e) {
      name(key, object, e);
      return shown(byKey.remove(key));
    }
  }

  private @Nullable R shown(@Nullable K kept) {
    return kept == null ? null : shown.apply(kept);
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
    return Cache.metaNamespaceKeyFunc(object);
  }

  @Override
  public synchronized @Nullable R remove(String key) {
    named.remove(key);
    return shown(byKey.remove(key));
  }

  @Override
  public Stream<String> keySet() {
    return byKey.keySet().stream();
  }

  @Override
  public Stream<R> values() {
    return kept().map(shown);
  }

  @Override
  public int size() {
    return byKey.size();
  }

  @Override
  public @Nullable R get(String key) {
    return shown(byKey.get(key));
  }

  @Override
  public boolean isFullState() {
    return false;
  }
}

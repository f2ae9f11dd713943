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
 * Keeps what a function reads of each object. An object that can't be judged is logged and left
 * out, so that it does not end the watch that fills this store. Otherwise the client would restart
 * the watch and hit the same object every time; and the client does not catch a {@link
 * StackOverflowError}, which a long enough text can cause.
 *
 * @param <K> what is kept
 */
final class GuardedStore<R extends HasMetadata, K> implements ItemStore<R> {
  private static final Logger LOG = LoggerFactory.getLogger(GuardedStore.class);

  /** Maximum number of objects remembered as logged: anybody can create any number of bad ones. */
  private static final int MOST_NAMED = 1_000;

  private static final int WORDS = 256;

  private final BiFunction<R, Optional<K>, K> read;
  private final Function<K, R> shown;
  private final Map<String, K> byKey = new ConcurrentHashMap<>();
  private final Map<String, String> named = new ConcurrentHashMap<>();

  /**
   * Creates the store.
   *
   * @param read returns what to keep of an object, given what has been kept of it so far
   * @param shown returns the object that informers and callers see
   */
  GuardedStore(BiFunction<R, Optional<K>, K> read, Function<K, R> shown) {
    this.read = read;
    this.shown = shown;
  }

  /** Returns a store that keeps reduced objects. */
  static <R extends HasMetadata> GuardedStore<R, R> of(UnaryOperator<R> slim) {
    return new GuardedStore<>((object, _) -> slim.apply(object), Function.identity());
  }

  /** What is kept of every object. */
  Stream<K> kept() {
    return byKey.values().stream();
  }

  /** What is kept of one object; empty if it does not exist or can't be judged. */
  Optional<K> kept(String key) {
    return Optional.ofNullable(byKey.get(key));
  }

  /** Replaces what is kept of an object, if it still exists. */
  void replace(String key, K kept) {
    byKey.replace(key, kept);
  }

  /** Returns a filter that passes objects it can't judge: a needless event does no harm. */
  static <R> OnAddFilter<R> added(Predicate<R> matters) {
    return now -> judged(() -> matters.test(now), true);
  }

  /** Returns a filter that passes objects it can't judge. */
  static <R> OnUpdateFilter<R> updated(BiPredicate<R, R> differ) {
    return (now, before) -> judged(() -> differ.test(now, before), true);
  }

  /** Returns a filter that passes objects it can't judge. */
  static <R> OnDeleteFilter<R> deleted(Predicate<R> mattered) {
    return (gone, ignored) -> judged(() -> mattered.test(gone), true);
  }

  /**
   * Answers a question about an object that anybody may have written, or returns {@code otherwise}
   * if it can't be judged.
   */
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

package io.flannel.operator.observe;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.KubernetesResourceList;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.FilterWatchListDeletable;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.informers.ExceptionHandler;
import io.flannel.operator.runtime.ApiErrors;
import io.javaoperatorsdk.operator.api.config.informer.FieldSelector;
import io.javaoperatorsdk.operator.api.reconciler.Constants;
import io.javaoperatorsdk.operator.health.InformerHealthIndicator;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.informer.ManagedInformerEventSource;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Lock;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps every watch running. The client itself restarts a watch that broke off, for as long as it
 * takes. A watch that the client gave up, such as after an unreadable answer, is restarted here.
 *
 * <p>A watch is dead if it stays ended, or does not run while the API server has changes that it
 * missed. Only a new process helps then, and {@link WatchesAlive} asks for one. If the API server
 * is unreachable or refuses (the CRD is gone, or the right to watch), a new process would not help:
 * the refusal is logged once, the cached objects stay, and the watch resumes when it can.
 */
@Singleton
public class WatchKeeper {
  private static final Logger LOG = LoggerFactory.getLogger(WatchKeeper.class);

  /** A watch counts as dead after more than this many failed checks in a row. */
  private static final int LOOKS = 18;

  /** Maximum number of objects requested per check. */
  private static final long ASKED_FOR = 50;

  private static final Duration FIRST_PAUSE = Duration.ofSeconds(5);
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);

  private final KubernetesClient client;
  private final Clock clock;
  private final Duration patience;
  private final ScheduledExecutorService looks =
      Executors.newSingleThreadScheduledExecutor(
          task -> Thread.ofPlatform().daemon().name("watch-keeper").unstarted(task));

  private volatile List<Kept> kept = List.of();

  /**
   * Creates the keeper.
   *
   * @param patience how long a watch may be down although the API server would serve it
   */
  @Inject
  WatchKeeper(
      KubernetesClient client,
      Clock clock,
      @ConfigProperty(name = "flannel.watch-patience") Duration patience) {
    this.client = client;
    this.clock = clock;
    this.patience = patience;
  }

  /**
   * Starts to check these watches.
   *
   * @param reconciling held while a watch is restarted: a reconciliation would find its cache empty
   */
  public void keep(List<ManagedInformerEventSource<?, ?, ?>> sources, Lock reconciling) {
    kept = sources.stream().map(Kept::new).toList();
    long millis = Math.max(100, patience.toMillis() / LOOKS);
    var _ =
        looks.scheduleWithFixedDelay(
            () -> look(reconciling), millis, millis, TimeUnit.MILLISECONDS);
  }

  @PreDestroy
  void end() {
    looks.shutdownNow();
  }

  /**
   * Whether all caches have been filled once: until then, an object missing from a cache may exist.
   */
  public boolean haveSynced() {
    return kept.stream().allMatch(Kept::hasSynced);
  }

  /** The kinds whose watch has been dead for too long. */
  List<String> dead() {
    return kept.stream()
        .filter(it -> it.deadLooks.get() > LOOKS)
        .map(Kept::what)
        .distinct()
        .toList();
  }

  private void look(Lock reconciling) {
    for (Kept one : kept) {
      try {
        one.look(reconciling);
      } catch (KubernetesClientException e) {
        // The API server is unreachable: that affects all watches and is no fault of any.
        kept.forEach(it -> it.deadLooks.set(0));
        return;
      } catch (RejectedExecutionException e) {
        return; // The framework's threads have ended: the operator is shutting down.
      } catch (RuntimeException | StackOverflowError e) {
        // An exception would end the checks for good.
        LOG.error("the watch of {} could not be looked after", one.what(), e);
      }
    }
  }

  /** A watch and its state. */
  private final class Kept {
    private final ManagedInformerEventSource<?, ?, ?> source;
    private String said = "";
    private Duration pause = FIRST_PAUSE;
    private Instant notBefore = Instant.MIN;
    private boolean stopped;

    /**
     * Number of checks in a row that found it not running. A check that waits for an answer is not
     * counted.
     */
    private final AtomicInteger deadLooks = new AtomicInteger();

    Kept(ManagedInformerEventSource<?, ?, ?> source) {
      this.source = source;
    }

    String what() {
      return source.resourceType().getSimpleName() + "s";
    }

    boolean hasSynced() {
      return source.isRunning()
          && source.informerHealthIndicators().values().stream()
              .allMatch(InformerHealthIndicator::hasSynced);
    }

    void look(Lock reconciling) {
      if (!source.isRunning() && !stopped) {
        return; // Not started yet, or the operator is shutting down.
      }
      List<InformerHealthIndicator> off =
          source.informerHealthIndicators().values().stream()
              .filter(it -> !it.isRunning() || !it.isWatching())
              .toList();
      if (off.isEmpty() && !stopped) {
        if (!said.isEmpty()) {
          LOG.info("{} are watched again", what());
        }
        said = "";
        pause = FIRST_PAUSE;
        deadLooks.set(0);
        return;
      }
      List<Answer> answers = off.stream().map(it -> ask(it.getTargetNamespace())).toList();
      Optional<String> refusal = answers.stream().flatMap(it -> it.refusal().stream()).findFirst();
      if (refusal.isPresent()) {
        deadLooks.set(0);
        say(
            "%s are not watched, and what is known of them stays as it is: %s"
                .formatted(what(), refusal.get()));
        return;
      }
      boolean ended = stopped || off.stream().anyMatch(it -> !it.isRunning());
      if (!ended && answers.stream().noneMatch(Answer::news)) {
        // Over plain HTTP, a watch does not count as running before the first event arrives.
        deadLooks.set(0);
        return;
      }
      deadLooks.incrementAndGet();
      Instant now = clock.instant();
      if (ended && !now.isBefore(notBefore)) {
        say("the watch of %s ended; it is begun again".formatted(what()));
        notBefore = now.plus(pause);
        Duration twice = pause.multipliedBy(2);
        pause = twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE;
        beginAgain(reconciling);
      }
    }

    private void say(String what) {
      if (!what.equals(said)) {
        LOG.warn("{}", what);
        said = what;
      }
    }

    private void beginAgain(Lock reconciling) {
      reconciling.lock();
      try {
        if (!source.isRunning() && !stopped) {
          return; // While this waited for the lock, the operator began to shut down.
        }
        stopped = true;
        source.stop();
        source.start();
        stopped = false;
      } finally {
        reconciling.unlock();
      }
    }

    /**
     * Asks the API server for the watched objects.
     *
     * @throws KubernetesClientException if it can't be reached
     */
    private Answer ask(String namespace) {
      try {
        return new Answer(Optional.empty(), hasNews(source, namespace));
      } catch (KubernetesClientException e) {
        if (ApiErrors.isAnswer(e)) {
          return new Answer(Optional.of("the API server says: " + ApiErrors.said(e)), false);
        }
        if (ExceptionHandler.isDeserializationException(e)) {
          return new Answer(Optional.empty(), true);
        }
        throw e;
      }
    }

    /** Whether the API server has an object that the cache lacks, or has in another version. */
    private <R extends HasMetadata> boolean hasNews(
        ManagedInformerEventSource<R, ?, ?> watched, String namespace) {
      var config = watched.configuration().getInformerConfig();
      var kind = client.resources(watched.resourceType());
      FilterWatchListDeletable<R, KubernetesResourceList<R>, Resource<R>> some =
          namespace.equals(Constants.WATCH_ALL_NAMESPACES)
              ? kind.inAnyNamespace().withLabelSelector(config.getLabelSelector())
              : kind.inNamespace(namespace).withLabelSelector(config.getLabelSelector());
      if (config.getFieldSelector() != null) {
        for (FieldSelector.Field field : config.getFieldSelector().getFields()) {
          some = some.withField(field.path(), field.value());
        }
      }
      Long atOnce = config.getInformerListLimit();
      long asked = atOnce == null ? ASKED_FOR : Math.min(ASKED_FOR, atOnce);
      return some.list(new ListOptionsBuilder().withLimit(asked).build()).getItems().stream()
          .anyMatch(
              live ->
                  watched
                      .get(ResourceID.fromResource(live))
                      .map(cached -> cached.getMetadata().getResourceVersion())
                      .filter(live.getMetadata().getResourceVersion()::equals)
                      .isEmpty());
    }
  }

  /**
   * The API server's answer about the watched objects.
   *
   * @param refusal why it refused; empty if it did not
   * @param news whether it has a change that the watch did not report
   */
  private record Answer(Optional<String> refusal, boolean news) {}
}

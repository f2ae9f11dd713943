package io.flannel.operator.reconcile;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.apply.Applier;
import io.flannel.operator.apply.ApplyContext;
import io.flannel.operator.apply.FlannelBinding;
import io.flannel.operator.apply.PlanApplier;
import io.flannel.operator.apply.WantedTemplate;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.acceptance.SpecValidator;
import io.flannel.operator.decide.health.TunnelVerdicts;
import io.flannel.operator.decide.observation.Observation;
import io.flannel.operator.decide.plan.NodePlan;
import io.flannel.operator.decide.plan.ObservedTasks;
import io.flannel.operator.decide.plan.Plan;
import io.flannel.operator.decide.plan.Planner;
import io.flannel.operator.decide.rollout.RolloutState;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.live.RolloutAnnotations;
import io.flannel.operator.observe.AccountLook;
import io.flannel.operator.observe.AgentReports;
import io.flannel.operator.observe.ClusterObserver;
import io.flannel.operator.observe.NetworkSpec;
import io.flannel.operator.observe.TaskObserver;
import io.flannel.operator.observe.UncachedReads;
import io.flannel.operator.render.Flannel;
import io.flannel.operator.report.view.NotWatchingException;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One reconciliation of a FlannelNetwork: observe, plan, apply, report. If the API server refuses
 * something, the writes end; the status still says how things are, and why.
 */
final class Reconciliation {
  private static final Logger LOG = LoggerFactory.getLogger(Reconciliation.class);

  /** Resync interval while a rollout runs or is about to start. */
  private static final Duration ROLLOUT_LOOK = Duration.ofSeconds(30);

  /** Minimum delay of a requeue, for what is already due. */
  private static final Duration SOONEST_LOOK = Duration.ofMillis(10);

  private final ReconcileContext context;
  private final FlannelNetwork network;
  private final ApplyContext apply;
  private final NetworkReporter reporter;
  private final AccountLook accounts;
  private final PlanApplier applier;

  /**
   * Prepares it.
   *
   * @param framework what the framework needs to compare objects
   */
  Reconciliation(
      ReconcileContext context, FlannelNetwork network, Context<FlannelNetwork> framework) {
    this.context = context;
    this.network = network;
    this.apply = context.apply();
    this.reporter = new NetworkReporter(context, network);
    this.accounts = AccountLook.by(apply.client());
    this.applier = new PlanApplier(apply, network, framework, accounts);
  }

  /**
   * Runs it.
   *
   * @throws Applier.ApplyException if the API server refused something; the status says so
   * @throws NotWatchingException if the watches end meanwhile, so nothing more is written
   * @throws IllegalStateException if this operator itself failed; the status says so
   */
  UpdateControl<FlannelNetwork> run() {
    try {
      if (network.isMarkedForDeletion()) {
        return new Finalization(context, network).run();
      }
      Optional<DesiredNetwork> wanted = wanted();
      return wanted.isPresent() ? reconcile(wanted.get()) : UpdateControl.noUpdate();
    } catch (Applier.ApplyException | KubernetesClientException | NotWatchingException e) {
      throw e;
    } catch (RuntimeException | StackOverflowError e) {
      throw fault(e);
    }
  }

  /** Reports a fault in the status, if that can be written, and returns the exception to throw. */
  private IllegalStateException fault(Throwable e) {
    try {
      reporter.fault(e);
    } catch (KubernetesClientException refused) {
      e.addSuppressed(refused);
    }
    return new IllegalStateException("a reconciliation failed", e);
  }

  private UpdateControl<FlannelNetwork> reconcile(DesiredNetwork wanted) {
    Observation seen = observe(wanted, List.of());
    ObservedTasks tasks = TaskObserver.observe(apply.watches(), seen.now());
    Plan plan = Planner.plan(seen, tasks, request(seen));
    if (plan.possible() instanceof Decision.Refuse refuse
        && !SpecValidator.inCharge(wanted, seen.cluster())) {
      reporter.refused(refuse);
      return UpdateControl.noUpdate();
    }
    if (applier.findsMore(plan, seen)) {
      return UpdateControl.<FlannelNetwork>noUpdate().rescheduleAfter(UncachedReads.AGAIN);
    }
    Plan applied = applier.apply(plan, seen);
    List<HasMetadata> written = applier.written();
    Observation now = written.isEmpty() ? seen : observe(wanted, written);
    NodePlan nodes =
        applier.applyToNodes(NodePlan.of(now, applied, tasks.suspected()), applied, now);
    NetworkReporter.Reported reported = reporter.report(nodes.told(now), applied, applier);
    if (applier.failure().isPresent()) {
      throw applier.failure().get();
    }
    applier.refused().ifPresent(it -> LOG.warn("{}", it.getMessage()));
    if (!reported.rolling() && applied.writes()) {
      applier.prune(now);
    }
    return requeueAfter(
        List.of(
            reported.rolling() || applied.awaitsTasks()
                ? Optional.of(ROLLOUT_LOOK)
                : Optional.empty(),
            applier.lookAgain(),
            plan.rollout().gates().lookAgain(),
            applied.lookAgain(),
            nodes.lookAgain(),
            FlannelBinding.lookAgain(plan.possible(), seen.cluster()),
            reported.tunnels().flatMap(TunnelVerdicts::lookAgain)));
  }

  /**
   * What there is now.
   *
   * @param written objects as the API server just returned them, which the caches may not have yet
   */
  private Observation observe(DesiredNetwork wanted, List<HasMetadata> written) {
    var now = apply.clock().instant();
    return Observation.of(
        wanted,
        ClusterObserver.of(accounts, apply.watches(), network, written).observe(),
        AgentReports.at(now, apply.watches()),
        Optional.ofNullable(network.getStatus()),
        now);
  }

  private Planner.Request request(Observation seen) {
    return new Planner.Request(
        network.getMetadata().getUid(),
        new RolloutState.Target(
            Flannel.revision(WantedTemplate.of(seen.wanted(), seen.cluster())),
            RolloutAnnotations.attempt(network.getMetadata().getAnnotations())),
        NetworkSpec.isPaused(network));
  }

  /** Empty if the spec can't be read, which is reported. */
  private Optional<DesiredNetwork> wanted() {
    try {
      return Optional.of(NetworkSpec.wanted(network));
    } catch (IllegalArgumentException e) {
      reporter.refused(
          new Decision.Refuse(
              "InvalidSpec", String.valueOf(e.getMessage()), "correct the field and apply again"));
      return Optional.empty();
    }
  }

  /** Requeues after the shortest of these times. */
  private static UpdateControl<FlannelNetwork> requeueAfter(List<Optional<Duration>> times) {
    UpdateControl<FlannelNetwork> done = UpdateControl.noUpdate();
    return times.stream()
        .flatMap(Optional::stream)
        .min(Comparator.naturalOrder())
        .map(after -> after.compareTo(SOONEST_LOOK) < 0 ? SOONEST_LOOK : after)
        .map(done::rescheduleAfter)
        .orElse(done);
  }
}

package io.flannel.operator.reconcile;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.apply.AdoptionApplier;
import io.flannel.operator.apply.AdoptionManifest;
import io.flannel.operator.apply.Applier;
import io.flannel.operator.apply.CleanupFinalizer;
import io.flannel.operator.apply.EventRecorder;
import io.flannel.operator.apply.FlannelBinding;
import io.flannel.operator.apply.FlannelNodes;
import io.flannel.operator.apply.LeftOverPods;
import io.flannel.operator.apply.NodeTasks;
import io.flannel.operator.apply.PreflightPods;
import io.flannel.operator.apply.ProbeKeys;
import io.flannel.operator.apply.Pruner;
import io.flannel.operator.apply.ReadinessGates;
import io.flannel.operator.apply.StatusWriter;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.acceptance.SpecValidator;
import io.flannel.operator.decide.adoption.ForeignFlannelValidator;
import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.decide.health.TunnelVerdicts;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.nodespec.NodeSpecs;
import io.flannel.operator.decide.rollout.RestartGrace;
import io.flannel.operator.decide.rollout.RolloutAction;
import io.flannel.operator.decide.rollout.RolloutState;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.NetConf;
import io.flannel.operator.flannel.live.RolloutAnnotations;
import io.flannel.operator.observe.AccountLook;
import io.flannel.operator.observe.ClusterObserver;
import io.flannel.operator.observe.NetworkSpec;
import io.flannel.operator.observe.RevisionHistory;
import io.flannel.operator.observe.UncachedReads;
import io.flannel.operator.observe.Watches;
import io.flannel.operator.render.Flannel;
import io.flannel.operator.render.NodeAgentDaemonSet;
import io.flannel.operator.render.NodeAgentSettings;
import io.flannel.operator.render.task.NodeTaskPod.Kind;
import io.flannel.operator.report.AdoptionReport;
import io.flannel.operator.report.StatusInput;
import io.flannel.operator.report.StatusReport;
import io.flannel.operator.report.metrics.NetworkMetrics;
import io.flannel.operator.report.view.NotWatchingException;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One pass over one FlannelNetwork: observe, decide, render, apply, report. What the API server
 * refuses ends its writes; the status still says how things are, and why.
 */
final class Reconciliation {
  private static final Logger LOG = LoggerFactory.getLogger(Reconciliation.class);

  /**
   * A rollout that goes on, or is about to, is looked at so often, whether or not anything happens.
   */
  private static final Duration ROLLOUT_LOOK = Duration.ofSeconds(30);

  /** Delay before a FlannelNode that the API server refused is tried again. */
  private static final Duration REFUSED_LOOK = Duration.ofSeconds(10);

  /** What is due by now is looked at with the next pass. */
  private static final Duration SOONEST_LOOK = Duration.ofMillis(10);

  private final ReconcileContext tools;
  private final Instant actingSince;
  private final FlannelNetwork network;
  private final Context<FlannelNetwork> context;
  private final KubernetesClient client;
  private final Watches watches;
  private final NodeAgentSettings agents;
  private final Clock clock;
  private final NetworkMetrics metrics;
  private final EventRecorder events;
  private final StatusWriter statusWriter;
  private final CleanupFinalizer finalizer;
  private final Pruner remover;
  private final FlannelNodes flannelNodes;
  private final ProbeKeys probeKeys;
  private final AdoptionApplier takeOver;
  private final NodeTasks steps;
  private final LeftOverPods leftOvers;
  private final PreflightPods preflights;
  private final AccountLook accounts;

  /** What this pass wrote, as the API server answered. */
  private final List<HasMetadata> written = new ArrayList<>();

  /** What ended its writes. */
  private Optional<Applier.ApplyException> failure = Optional.empty();

  /** What was refused of the FlannelNodes: it ends no other write. */
  private Optional<Applier.ApplyException> refused = Optional.empty();

  /**
   * Prepares it.
   *
   * @param actingSince when this operator began to act
   */
  Reconciliation(
      ReconcileContext tools,
      Instant actingSince,
      FlannelNetwork network,
      Context<FlannelNetwork> context) {
    this.tools = tools;
    this.actingSince = actingSince;
    this.network = network;
    this.context = context;
    this.client = tools.client();
    this.watches = tools.watches();
    this.agents = tools.agents();
    this.clock = tools.clock();
    this.metrics = tools.metrics();
    this.events = tools.events();
    this.statusWriter = new StatusWriter(client, events);
    this.finalizer = new CleanupFinalizer(client);
    this.remover = new Pruner(client, watches, agents);
    this.flannelNodes = new FlannelNodes(client, watches, clock);
    this.probeKeys = new ProbeKeys(client, watches, agents, clock);
    this.takeOver = new AdoptionApplier(client, watches);
    this.steps = new NodeTasks(client, watches, agents, clock);
    this.leftOvers = new LeftOverPods(steps);
    this.preflights = new PreflightPods(steps, clock);
    this.accounts = AccountLook.by(client);
  }

  /**
   * Makes it.
   *
   * @throws Applier.ApplyException if the API server refused something; the status says so
   * @throws NotWatchingException if the watches end meanwhile, so that no more is written
   * @throws IllegalStateException if this operator itself failed; the status says so
   */
  UpdateControl<FlannelNetwork> run() {
    try {
      return reconcile();
    } catch (Applier.ApplyException | KubernetesClientException | NotWatchingException e) {
      throw e;
    } catch (RuntimeException | StackOverflowError e) {
      FlannelNetworkStatus status =
          statusWriter.write(
              network,
              previous ->
                  StatusReport.internalError(
                      network.getMetadata().getGeneration(), previous, e, clock));
      metrics.record(name(), status, Map.of());
      throw new IllegalStateException("a pass failed", e);
    }
  }

  private UpdateControl<FlannelNetwork> reconcile() {
    if (network.isMarkedForDeletion()) {
      return new Finalization(tools, actingSince, network).run();
    }
    DesiredNetwork wanted;
    try {
      wanted = NetworkSpec.wanted(network);
    } catch (IllegalArgumentException e) {
      return refused(
          new Decision.Refuse(
              "InvalidSpec", String.valueOf(e.getMessage()), "correct the field and apply again"));
    }
    ClusterState cluster = observe();
    Decision possible = SpecValidator.judge(wanted, cluster);
    if (possible instanceof Decision.Refuse refuse && !SpecValidator.inCharge(wanted, cluster)) {
      return refused(refuse);
    }
    if (applyOrRecord(
            () ->
                new UncachedReads(client, watches)
                    .findsMore(possible, NetworkSpec.isPaused(network), wanted, cluster))
        .orElse(false)) {
      return UpdateControl.<FlannelNetwork>noUpdate().rescheduleAfter(UncachedReads.AGAIN);
    }
    return carryOut(wanted, cluster, possible);
  }

  /** {@code possible} says whether the spec can be carried out, if the nodes can do it, too. */
  private UpdateControl<FlannelNetwork> carryOut(
      DesiredNetwork wanted, ClusterState cluster, Decision possible) {
    boolean paused = NetworkSpec.isPaused(network);
    boolean beside = ForeignFlannelValidator.refusal(wanted, cluster).isPresent();
    applyOrRecord(() -> finalizer.keep(network, NetworkSpec.cleansUp(network), beside));
    Map<String, AgentReport> reports = flannelNodes.reports();
    RolloutState course =
        RolloutState.of(
            wanted,
            Flannel.revision(Flannel.template(wanted)),
            attempt(),
            cluster,
            reports,
            Optional.ofNullable(network.getStatus()),
            clock.instant());
    boolean acting = possible instanceof Decision.Accept && !paused;
    Optional<Decision> ending =
        acting
            ? applyOrRecord(
                    () -> waitForCleanupTasks().or(() -> leftOvers.endBefore(cluster, course)))
                .flatMap(it -> it)
            : Optional.empty();
    PreflightPods.Outcome preflight =
        applyOrRecord(
                () ->
                    preflights.run(
                        wanted,
                        network.getMetadata().getUid() + attempt(),
                        cluster,
                        reports,
                        course,
                        acting && ending.isEmpty()))
            .orElse(PreflightPods.Outcome.NOTHING);
    Decision decision =
        ending
            .or(preflight::objection)
            .or(() -> acting ? SpecValidator.otherPods(wanted, cluster, course) : Optional.empty())
            .orElse(possible);
    boolean writing = decision instanceof Decision.Accept && !paused && failure.isEmpty();
    if (!paused && wanted.health().enabled() && (writing || cluster.live().isPresent())) {
      applyOrRecord(() -> probeKeys.keep(wanted));
    }
    if (writing) {
      applyOrRecord(() -> apply(wanted, course.step(), cluster));
    }
    if (course.mayOpenGates(paused)) {
      applyOrRecord(() -> new ReadinessGates(client, clock).open(course.gates().open()));
    }
    ClusterState now = written.isEmpty() ? cluster : observe();
    List<NodeLease> leases = NodeLease.judge(wanted, now);
    // What is in force goes on to be measured, whatever became of the spec.
    if (!paused && (writing || now.live().isPresent())) {
      applyOrRecord(() -> applyNodeSpecs(wanted, NodeSpecs.of(wanted, now, leases, reports)));
    }
    if (writing) {
      applyOrRecord(() -> takeOver.proceed(wanted, now, leases));
    }
    LeftOverPods.Outcome removal =
        applyOrRecord(() -> leftOvers.run(wanted, network, now, leases, reports, decision, writing))
            .orElseGet(() -> leftOvers.run(wanted, network, now, leases, reports, decision, false));
    Map<String, AgentReport> told =
        RestartGrace.told(removal.reports(), now.pods(), wanted.health(), clock.instant());
    Optional<FlannelNetworkStatus.Adoption> adoption =
        AdoptionReport.of(
            wanted,
            now,
            decision,
            paused,
            takeOver.leftOver(wanted).map(Applier::name).toList(),
            found -> AdoptionManifest.of(found, network));
    Reported reported =
        report(
            previous ->
                new StatusInput(
                    network.getMetadata().getGeneration(),
                    previous,
                    wanted,
                    decision,
                    now,
                    leases,
                    NetConf.of(wanted).hash(),
                    paused,
                    failure.or(() -> refused).map(Throwable::getMessage),
                    adoption,
                    told,
                    course,
                    actingSince));
    if (failure.isPresent()) {
      throw failure.get();
    }
    refused.ifPresent(it -> LOG.warn("{}", it.getMessage()));
    if (!reported.rolling() && writing) {
      now.live().ifPresent(live -> remover.pruneConfigMaps(live.configHash()));
    }
    return requeueAfter(
        List.of(
            reported.rolling() || ending.isPresent() ? Optional.of(ROLLOUT_LOOK) : Optional.empty(),
            refused.map(it -> REFUSED_LOOK),
            course.gates().lookAgain(),
            removal.lookAgain(),
            preflight.lookAgain(),
            FlannelBinding.lookAgain(possible, cluster),
            reported.tunnels().flatMap(TunnelVerdicts::lookAgain)));
  }

  /** A step that takes a network before this one off a node would take this one, too. */
  private Optional<Decision> waitForCleanupTasks() {
    Optional<Decision> wait =
        steps.awaitEnd(
            Kind.CLEANUP,
            "before flannel comes to the nodes, what takes an earlier network off them");
    steps.end(Kind.CLEANUP);
    return wait;
  }

  private record Reported(boolean rolling, Optional<TunnelVerdicts> tunnels) {}

  private Reported report(Function<Optional<FlannelNetworkStatus>, StatusInput> situation) {
    FlannelNetworkStatus status =
        statusWriter.write(network, previous -> StatusReport.of(situation.apply(previous), clock));
    Optional<TunnelVerdicts> tunnels = situation.apply(Optional.of(status)).tunnels();
    metrics.record(name(), status, tunnels.map(TunnelVerdicts::nodes).orElseGet(TreeMap::new));
    Rollout rollout = status.rollout();
    return new Reported(rollout != null && !Rollout.Phase.isOver(rollout.phase()), tunnels);
  }

  /** At the earliest of these times. */
  private static UpdateControl<FlannelNetwork> requeueAfter(List<Optional<Duration>> times) {
    UpdateControl<FlannelNetwork> done = UpdateControl.noUpdate();
    return times.stream()
        .flatMap(Optional::stream)
        .min(Comparator.naturalOrder())
        .map(after -> after.compareTo(SOONEST_LOOK) < 0 ? SOONEST_LOOK : after)
        .map(done::rescheduleAfter)
        .orElse(done);
  }

  private ClusterState observe() {
    return ClusterObserver.of(accounts, watches, network, written).observe();
  }

  private String name() {
    return network.getMetadata().getName();
  }

  /** Another value makes what failed begin again. */
  private String attempt() {
    return RolloutAnnotations.attempt(network.getMetadata().getAnnotations());
  }

  private void apply(DesiredNetwork wanted, RolloutAction step, ClusterState cluster) {
    written.addAll(takeOver.begin(wanted, cluster));
    List<HasMetadata> rendered = new FlannelBinding(watches).foundation(accounts, wanted, cluster);
    daemonSet(wanted, step).ifPresent(rendered::add);
    if (wanted.health().enabled()) {
      rendered.add(NodeAgentDaemonSet.render(wanted, agents));
    }
    written.addAll(new Applier(client, watches).apply(rendered, context));
  }

  /** Empty: Kubernetes has forgotten the template to go back to, so what is there stays. */
  private Optional<DaemonSet> daemonSet(DesiredNetwork wanted, RolloutAction step) {
    return switch (step) {
      case RolloutAction.Forward forward ->
          Optional.of(
              Flannel.daemonSet(
                  wanted, Flannel.template(wanted), forward.marks(), forward.maxUnavailable()));
      case RolloutAction.Back back ->
          new RevisionHistory(client)
              .of(back.marks().revision())
              .map(
                  template ->
                      Flannel.daemonSet(wanted, template, back.marks(), back.maxUnavailable()));
    };
  }

  private void applyNodeSpecs(DesiredNetwork wanted, Map<String, FlannelNodeSpec> specs) {
    if (wanted.health().enabled()) {
      unlessRefused(() -> flannelNodes.write(wanted, specs));
    } else {
      remover.removeAgents(wanted);
      unlessRefused(() -> flannelNodes.deleteAll(wanted.name()));
    }
  }

  private void unlessRefused(Runnable writes) {
    try {
      writes.run();
    } catch (Applier.ApplyException e) {
      refused = Optional.of(e);
    }
  }

  private void applyOrRecord(Runnable writes) {
    applyOrRecord(
        () -> {
          writes.run();
          return true;
        });
  }

  /**
   * Makes requests, unless one was refused before; what the API server refuses is this pass'
   * failure.
   *
   * @return what they came to; empty: one was refused
   * @throws NotWatchingException if what the cluster has is not known any more
   */
  private <T> Optional<T> applyOrRecord(Supplier<T> requests) {
    if (failure.isPresent()) {
      return Optional.empty();
    }
    try {
      return Optional.of(requests.get());
    } catch (Applier.ApplyException e) {
      failure = Optional.of(e);
    } catch (KubernetesClientException e) {
      failure = Optional.of(Applier.ApplyException.refused(e));
    } catch (NotWatchingException e) {
      throw e;
    } catch (RuntimeException | StackOverflowError e) {
      LOG.error("FlannelNetwork {}: a fault of this operator", name(), e);
      failure = Optional.of(Applier.ApplyException.fault(e));
    }
    return Optional.empty();
  }

  private UpdateControl<FlannelNetwork> refused(Decision.Refuse refuse) {
    FlannelNetworkStatus status =
        statusWriter.write(
            network,
            previous ->
                StatusReport.refused(
                    network.getMetadata().getGeneration(), previous, refuse, clock));
    metrics.record(name(), status, Map.of());
    return UpdateControl.noUpdate();
  }
}

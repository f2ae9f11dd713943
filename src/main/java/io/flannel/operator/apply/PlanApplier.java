package io.flannel.operator.apply;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.adoption.ForeignFlannelValidator;
import io.flannel.operator.decide.leftover.LeftOverTasks;
import io.flannel.operator.decide.observation.Observation;
import io.flannel.operator.decide.plan.NodePlan;
import io.flannel.operator.decide.plan.Plan;
import io.flannel.operator.decide.plan.PreflightTasks;
import io.flannel.operator.decide.preflight.PreflightTask;
import io.flannel.operator.decide.rollout.RolloutAction;
import io.flannel.operator.decide.task.TaskSchedule;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.ShortHash;
import io.flannel.operator.observe.AccountLook;
import io.flannel.operator.observe.NetworkSpec;
import io.flannel.operator.observe.RevisionHistory;
import io.flannel.operator.observe.UncachedReads;
import io.flannel.operator.render.Flannel;
import io.flannel.operator.render.NodeAgentDaemonSet;
import io.flannel.operator.render.task.NodeTaskPod.Kind;
import io.flannel.operator.report.view.NotWatchingException;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out a plan in order. The first request that the API server refuses is the failure, and no
 * further request is made. Refused FlannelNodes are the exception: they stop no other write.
 */
public final class PlanApplier {
  private static final Logger LOG = LoggerFactory.getLogger(PlanApplier.class);

  /** Delay before a FlannelNode that the API server refused is tried again. */
  private static final Duration REFUSED_LOOK = Duration.ofSeconds(10);

  /**
   * Delay before a removal is repeated if its left-overs are still reported: the agent reports
   * within seconds once they are gone.
   */
  private static final Duration REPEAT_REMOVAL = Duration.ofMinutes(1);

  /**
   * How many nodes at a time are freed of left-overs that divert packets: their inputs are long.
   */
  private static final int MOST_AT_ONCE = 64;

  private final ApplyContext context;
  private final FlannelNetwork network;
  private final Context<FlannelNetwork> framework;
  private final NodeTasks tasks;
  private final Pruner pruner;
  private final FlannelNodes flannelNodes;
  private final AdoptionApplier adoption;
  private final AccountLook accounts;

  private final List<HasMetadata> written = new ArrayList<>();
  private Optional<Applier.ApplyException> failure = Optional.empty();
  private Optional<Applier.ApplyException> refused = Optional.empty();
  private Optional<Decision> notMade = Optional.empty();

  /**
   * Creates an applier for one reconciliation.
   *
   * @param accounts the look-up that was used when the cluster was observed
   */
  public PlanApplier(
      ApplyContext context,
      FlannelNetwork network,
      Context<FlannelNetwork> framework,
      AccountLook accounts) {
    this.context = context;
    this.network = network;
    this.framework = framework;
    this.accounts = accounts;
    this.tasks = new NodeTasks(context);
    this.pruner = new Pruner(context.client(), context.watches(), context.agents());
    this.flannelNodes = new FlannelNodes(context.client(), context.watches());
    this.adoption = new AdoptionApplier(context.client(), context.watches());
  }

  /** The refusal that stopped the writes. */
  public Optional<Applier.ApplyException> failure() {
    return failure;
  }

  /** The refusal of writes to FlannelNodes. */
  public Optional<Applier.ApplyException> refused() {
    return refused;
  }

  /** Delay before a refused write that stopped no other is tried again. */
  public Optional<Duration> lookAgain() {
    return refused.map(_ -> REFUSED_LOOK).or(() -> notMade.map(_ -> NodeTasks.REFUSED_LOOK));
  }

  /** The objects written, as the API server returned them: the caches lag behind. */
  public List<HasMetadata> written() {
    return List.copyOf(written);
  }

  /** What is left to remove of an adopted flannel, by kind and name. */
  public List<String> leftOver(DesiredNetwork wanted) {
    return adoption.leftOver(wanted).map(Applier::name).toList();
  }

  /** What was refused, as a sentence. */
  public Optional<String> refusals() {
    return failure.or(() -> refused).map(Throwable::getMessage);
  }

  /**
   * Whether the network is about to come into force for the first time while the API server has
   * part of another flannel that the caches lack.
   */
  public boolean findsMore(Plan plan, Observation seen) {
    return orFail(
            () ->
                new UncachedReads(context.client(), context.watches())
                    .findsMore(plan.possible(), plan.paused(), seen.wanted(), seen.cluster()))
        .orElse(false);
  }

  /**
   * Writes the cluster's objects.
   *
   * @return the resulting plan: the pre-flight of a change fails if its pods can't be created
   */
  public Plan apply(Plan plan, Observation seen) {
    boolean beside = ForeignFlannelValidator.refusal(seen.wanted(), seen.cluster()).isPresent();
    orFail(
        () ->
            new CleanupFinalizer(context.client())
                .keep(network, NetworkSpec.cleansUp(network), beside));
    orFail(() -> endTasks(plan));
    notMade =
        orFail(() -> plan.preflight().flatMap(it -> preflight(it, seen.wanted())))
            .flatMap(objection -> objection);
    if (plan.keepsProbeKeys()) {
      orFail(() -> new ProbeKeys(context).keep(seen.wanted()));
    }
    if (plan.writes() && notMade.isEmpty()) {
      orFail(() -> write(plan.rollout().step(), seen));
    }
    if (plan.rollout().mayOpenGates(plan.paused())) {
      orFail(
          () ->
              new ReadinessGates(context.client(), context.clock())
                  .open(plan.rollout().gates().open()));
    }
    if (failure.isPresent() && plan.decision() instanceof Decision.Wait) {
      // What it waits for may never come: the failure is what the status has to say.
      return plan.withDecision(plan.possible());
    }
    return notMade.map(plan::withDecision).orElse(plan);
  }

  private void endTasks(Plan plan) {
    if (plan.endsCleanup()) {
      tasks.end(Kind.CLEANUP);
    }
    if (plan.endsRemovals()) {
      tasks.end(Kind.LEFT_OVERS);
    }
    if (plan.preflight().isEmpty()) {
      tasks.end(Kind.PREFLIGHT);
    }
  }

  /** Runs the pre-flight; returns why the change must not begin if a pod was refused. */
  private Optional<Decision> preflight(PreflightTasks preflight, DesiredNetwork wanted) {
    SortedMap<String, PreflightTask> told = preflight.plan().tasks();
    UnaryOperator<String> input = node -> Objects.requireNonNull(told.get(node), node).toJson();
    TaskInputs inputs =
        new TaskInputs(told.keySet(), node -> ShortHash.of(input.apply(node)), input, 1);
    tasks.delete(Kind.PREFLIGHT, preflight.round().deletions());
    SortedMap<String, String> notMade =
        tasks.make(wanted, Kind.PREFLIGHT, preflight.round().starts(), inputs);
    return notMade.values().stream().findFirst().flatMap(preflight::notMade);
  }

  private void write(RolloutAction step, Observation seen) {
    written.addAll(adoption.begin(seen.wanted(), seen.cluster()));
    List<HasMetadata> rendered =
        new FlannelBinding(context.watches()).foundation(accounts, seen.wanted(), seen.cluster());
    daemonSet(seen, step).ifPresent(rendered::add);
    if (seen.wanted().health().enabled()) {
      rendered.add(NodeAgentDaemonSet.render(seen.wanted(), context.agents()));
    }
    written.addAll(new Applier(context.client(), context.watches()).apply(rendered, framework));
  }

  /** Empty if Kubernetes no longer keeps the template to roll back to; the live one then stays. */
  private Optional<DaemonSet> daemonSet(Observation seen, RolloutAction step) {
    DesiredNetwork wanted = seen.wanted();
    return switch (step) {
      case RolloutAction.Forward forward ->
          Optional.of(
              Flannel.daemonSet(
                  wanted,
                  WantedTemplate.of(wanted, seen.cluster()),
                  forward.marks(),
                  forward.maxUnavailable()));
      case RolloutAction.Back back ->
          new RevisionHistory(context.client())
              .of(back.marks().revision())
              .map(
                  template ->
                      Flannel.daemonSet(wanted, template, back.marks(), back.maxUnavailable()));
    };
  }

  /**
   * Updates the node agents' specs, takes the next step of an adoption, and removes left-overs.
   *
   * @param now the state after the plan was carried out
   * @return the plan with the state of the tasks that remove left-overs
   */
  public NodePlan applyToNodes(NodePlan nodes, Plan plan, Observation now) {
    nodes.specs().ifPresent(specs -> orFail(() -> writeSpecs(now.wanted(), specs)));
    if (plan.writes()) {
      orFail(() -> adoption.proceed(now.wanted(), now.cluster(), now.leases()));
    }
    if (nodes.endsRemovals()) {
      orFail(() -> tasks.end(Kind.LEFT_OVERS));
    }
    if (!nodes.removes()) {
      return nodes;
    }
    return orFail(() -> remove(now.wanted(), nodes.removal().tasks()))
        .map(nodes::withTasks)
        .orElseGet(nodes::postponed);
  }

  private void writeSpecs(DesiredNetwork wanted, Map<String, FlannelNodeSpec> specs) {
    try {
      if (wanted.health().enabled()) {
        flannelNodes.write(wanted, specs);
      } else {
        pruner.removeAgents(wanted);
        flannelNodes.deleteAll(wanted.name());
      }
    } catch (Applier.ApplyException e) {
      refused = Optional.of(e);
    }
  }

  private TaskSchedule remove(DesiredNetwork wanted, LeftOverTasks removals) {
    String common = ShortHash.of(removals.common().json());
    return tasks.run(
        wanted,
        Kind.LEFT_OVERS,
        new TaskInputs(
            removals.nodes().keySet(),
            node -> ShortHash.of(common + removals.identity(node)),
            removals::json,
            removals.diverted() ? MOST_AT_ONCE : 1),
        Optional.of(REPEAT_REMOVAL));
  }

  /**
   * Deletes old configurations. Only safe when no rollout is under way: until then pods may still
   * mount them.
   */
  public void prune(Observation now) {
    now.cluster().live().ifPresent(live -> pruner.pruneConfigMaps(live.configHash()));
  }

  private void orFail(Runnable requests) {
    orFail(
        () -> {
          requests.run();
          return true;
        });
  }

  /**
   * Makes requests, unless one was refused before.
   *
   * @return their result; empty if one was refused
   * @throws NotWatchingException if the cluster's state is no longer known
   */
  private <T> Optional<T> orFail(Supplier<T> requests) {
    if (failure.isPresent()) {
      return Optional.empty();
    }
    try {
      return Optional.of(requests.get());
    } catch (NotWatchingException e) {
      throw e;
    } catch (Applier.ApplyException e) {
      failure = Optional.of(e);
    } catch (KubernetesClientException e) {
      failure = Optional.of(Applier.ApplyException.refused(e));
    } catch (RuntimeException | StackOverflowError e) {
      LOG.error("FlannelNetwork {}: a fault of this operator", network.getMetadata().getName(), e);
      failure = Optional.of(Applier.ApplyException.fault(e));
    }
    return Optional.empty();
  }
}

package io.flannel.operator.reconcile;

import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Adoption;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.apply.AdoptionManifest;
import io.flannel.operator.apply.PlanApplier;
import io.flannel.operator.apply.StatusWriter;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.health.TunnelVerdicts;
import io.flannel.operator.decide.observation.Observation;
import io.flannel.operator.decide.plan.Plan;
import io.flannel.operator.report.AdoptionReport;
import io.flannel.operator.report.StatusInput;
import io.flannel.operator.report.StatusReport;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reports the state of a network in its status, Events and metrics. */
final class NetworkReporter {
  private final ReconcileContext context;
  private final FlannelNetwork network;
  private final StatusWriter writer;
  private final Clock clock;
  private @Nullable StatusInput lastInput;

  NetworkReporter(ReconcileContext context, FlannelNetwork network) {
    this.context = context;
    this.network = network;
    this.writer = new StatusWriter(context.apply().client(), context.apply().events());
    this.clock = context.apply().clock();
  }

  /**
   * What was reported.
   *
   * @param rolling whether a rollout is not over
   * @param tunnels the verdicts; empty if nothing measures the tunnels
   */
  record Reported(boolean rolling, Optional<TunnelVerdicts> tunnels) {}

  /**
   * Reports the state of the network.
   *
   * @param seen what was observed, with only those findings that are to be reported
   * @param plan as it was carried out
   * @param applier carried out the plan, and knows what was refused
   */
  Reported report(Observation seen, Plan plan, PlanApplier applier) {
    Optional<String> error = applier.refusals();
    Optional<Adoption> adoption =
        AdoptionReport.of(
            seen,
            plan,
            applier.leftOver(seen.wanted()),
            found -> AdoptionManifest.of(found, network));
    FlannelNetworkStatus status =
        writer.write(
            network,
            previous -> {
              StatusInput input = input(seen.withStatus(previous), plan, error, adoption);
              lastInput = input;
              return StatusReport.of(input, clock);
            });
    Optional<TunnelVerdicts> tunnels = tunnels(seen, status);
    context
        .metrics()
        .record(name(), status, tunnels.map(TunnelVerdicts::nodes).orElseGet(TreeMap::new));
    Rollout rollout = status.rollout();
    return new Reported(rollout != null && !Rollout.Phase.isOver(rollout.phase()), tunnels);
  }

  private StatusInput input(
      Observation seen, Plan plan, Optional<String> error, Optional<Adoption> adoption) {
    return new StatusInput(
        generation(),
        seen,
        seen.tunnels(),
        plan.decision(),
        plan.paused(),
        error,
        adoption,
        plan.rollout(),
        context.actingSince());
  }

  /**
   * The verdicts, given the status that was just written; reused if it is the one that they were
   * judged with.
   */
  private Optional<TunnelVerdicts> tunnels(Observation seen, FlannelNetworkStatus status) {
    StatusInput input = lastInput;
    return input != null && input.previous().equals(Optional.of(status))
        ? input.tunnels()
        : seen.withStatus(Optional.of(status)).tunnels();
  }

  /** Reports that the spec is not carried out. */
  void refused(Decision.Refuse refuse) {
    tell(previous -> StatusReport.refused(generation(), previous, refuse, clock));
  }

  /** Reports that this operator failed. */
  void fault(Throwable fault) {
    tell(previous -> StatusReport.internalError(generation(), previous, fault, clock));
  }

  private void tell(Function<Optional<FlannelNetworkStatus>, FlannelNetworkStatus> report) {
    context.metrics().record(name(), writer.write(network, report), Map.of());
  }

  private long generation() {
    return network.getMetadata().getGeneration();
  }

  private String name() {
    return network.getMetadata().getName();
  }
}

package io.flannel.operator.report;

import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Applied;
import io.flannel.operator.api.FlannelNetworkStatus.Problem;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout.Phase;
import io.flannel.operator.api.StatusCondition;
import io.flannel.operator.api.StatusCondition.Status;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.adoption.ForeignFlannelValidator;
import io.flannel.operator.decide.health.TunnelVerdicts;
import io.flannel.operator.flannel.Backend;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.Pods;
import io.flannel.operator.flannel.PrintableText;
import io.flannel.operator.flannel.live.AppliedConfig;
import io.flannel.operator.flannel.live.LiveFlannel;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The status of a FlannelNetwork. The same input gives the same status, including its times, so
 * that nothing is written when nothing happened.
 */
public final class StatusReport {
  /** Condition: the spec can be carried out on this cluster. */
  public static final String ACCEPTED = "Accepted";

  /** Condition: every node has what the spec says. */
  public static final String READY = "Ready";

  /** Condition: packets pass between all nodes. */
  public static final String TUNNELS_HEALTHY = "TunnelsHealthy";

  /** Condition, as defined by kstatus: a change is in progress. */
  public static final String RECONCILING = "Reconciling";

  /** Condition, as defined by kstatus: a person must act before it makes progress. */
  public static final String STALLED = "Stalled";

  /** Reason why a network is not ready: it is being removed from the nodes. */
  public static final String CLEANING = "Cleaning";

  /** Reason why a network is not ready: it is paused, so nothing is written for it. */
  public static final String PAUSED = "Paused";

  /** Reason why nothing is known about a network: the operator itself failed. */
  public static final String INTERNAL_ERROR = "InternalError";

  private static final int FAULT_LENGTH = 300;

  private StatusReport() {}

  /** Returns the status of a refused network: only conditions. */
  public static FlannelNetworkStatus refused(
      long generation,
      Optional<FlannelNetworkStatus> previous,
      Decision.Refuse refuse,
      Clock clock) {
    var conditions =
        conditions(previous, generation, clock.instant().truncatedTo(ChronoUnit.SECONDS));
    return unobserved(
        generation,
        conditions
            .add(ACCEPTED, false, refuse.reason(), refuse.withRemedy())
            .add(READY, false, "NotAccepted", refuse.withRemedy())
            .add(TUNNELS_HEALTHY, Status.UNKNOWN, "NotAccepted", refuse.message())
            .add(RECONCILING, false, "NotAccepted", refuse.message())
            .add(STALLED, true, "NotAccepted", refuse.withRemedy()),
        Optional.empty(),
        null);
  }

  /**
   * Returns the status of a network whose state is unknown because the operator itself failed. It
   * leaves out what the previous status says about nodes, since they are no longer observed.
   *
   * @param fault what the operator failed with
   */
  public static FlannelNetworkStatus internalError(
      long generation, Optional<FlannelNetworkStatus> previous, Throwable fault, Clock clock) {
    String message =
        "this operator failed, and goes on trying: %s; what runs on the nodes is left as it is. Look into the operator's log, and report it"
            .formatted(PrintableText.shortened(String.valueOf(fault), FAULT_LENGTH));
    var conditions =
        conditions(previous, generation, clock.instant().truncatedTo(ChronoUnit.SECONDS));
    Optional<StatusCondition> accepted =
        previous.map(FlannelNetworkStatus::conditions).stream()
            .flatMap(List::stream)
            .filter(one -> one.type().equals(ACCEPTED))
            .findFirst();
    return unobserved(
        generation,
        conditions
            .add(
                ACCEPTED,
                accepted.map(StatusCondition::status).orElse(Status.UNKNOWN),
                accepted.map(StatusCondition::reason).orElse(INTERNAL_ERROR),
                accepted.map(StatusCondition::message).orElse(message))
            .add(READY, Status.UNKNOWN, INTERNAL_ERROR, message)
            .add(TUNNELS_HEALTHY, Status.UNKNOWN, INTERNAL_ERROR, message)
            .add(RECONCILING, false, INTERNAL_ERROR, message)
            .add(STALLED, true, INTERNAL_ERROR, message),
        previous,
        null);
  }

  /**
   * Returns the status of a network that is being removed from the nodes: nothing is measured any
   * more.
   *
   * @param how the progress, as a sentence
   */
  public static FlannelNetworkStatus cleaning(
      long generation, Optional<FlannelNetworkStatus> previous, String how, Clock clock) {
    var conditions =
        conditions(previous, generation, clock.instant().truncatedTo(ChronoUnit.SECONDS));
    return unobserved(
        generation,
        conditions
            .add(ACCEPTED, true, "Accepted", "it is deleted, with deletionPolicy Cleanup")
            .add(READY, false, CLEANING, how)
            .add(TUNNELS_HEALTHY, Status.UNKNOWN, CLEANING, how)
            .add(RECONCILING, true, CLEANING, how)
            .add(STALLED, false, CLEANING, how),
        previous,
        previous.map(FlannelNetworkStatus::problems).orElse(null));
  }

  /**
   * Returns a status that says nothing of nodes.
   *
   * @param previous keeps what is in force, and the adoption
   */
  private static FlannelNetworkStatus unobserved(
      long generation,
      ConditionSet conditions,
      Optional<FlannelNetworkStatus> previous,
      @Nullable List<Problem> problems) {
    return WithinBounds.of(
        new FlannelNetworkStatus(
            generation,
            conditions.list(),
            previous.map(FlannelNetworkStatus::applied).orElse(null),
            null,
            null,
            null,
            null,
            null,
            problems,
            previous.map(FlannelNetworkStatus::adoption).orElse(null)));
  }

  /** Returns the status of the network in charge. */
  public static FlannelNetworkStatus of(StatusInput situation, Clock clock) {
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    Optional<FlannelNetworkStatus> before = situation.previous();
    Optional<LiveFlannel> live = situation.cluster().live();
    Optional<Rollout> rollout = live.map(it -> RolloutReport.of(situation, it));
    Optional<TunnelVerdicts> tunnels = situation.tunnels();
    boolean changing =
        rollout.filter(it -> Phase.isOver(it.phase()) || it.phase() == Phase.STALLED).isEmpty();
    boolean installing = changing && rollout.map(Rollout::from).isEmpty();
    TunnelsHealthy healthy =
        TunnelsHealthy.of(tunnels, installing, situation.wanted().ranges().size() > 1);
    int omitted = situation.leases().size() - NodeReport.LISTED_NODES;
    return WithinBounds.of(
        new FlannelNetworkStatus(
            situation.generation(),
            conditions(situation, Readiness.of(situation, rollout, healthy), healthy, now),
            live.map(it -> applied(it, tunnels)).orElse(null),
            ChangeReport.of(situation).orElse(null),
            rollout.orElse(null),
            NodeReport.summary(situation.leases(), tunnels),
            nullIfEmpty(
                NodeReport.nodes(
                    situation.wanted(),
                    situation.leases(),
                    tunnels,
                    before.map(FlannelNetworkStatus::nodes).orElse(List.of()),
                    now)),
            omitted > 0 ? omitted : null,
            nullIfEmpty(
                new ProblemReport(before.map(FlannelNetworkStatus::problems).orElse(List.of()), now)
                    .of(
                        situation.leases(),
                        changing,
                        installing
                            ? List.of()
                            : tunnels.map(TunnelVerdicts::troubles).orElse(List.of()),
                        live.flatMap(LiveFlannel::config)
                            .flatMap(AppliedConfig::backend)
                            .orElse(situation.wanted().backend()))),
            situation.adoption().orElse(null)));
  }

  /**
   * Server-side apply removes a list with its last element, so an empty list in the report would
   * always differ from the live status.
   */
  private static <T> @Nullable List<T> nullIfEmpty(List<T> list) {
    return list.isEmpty() ? null : list;
  }

  /** Returns an empty set that knows the times of the previous conditions. */
  private static ConditionSet conditions(
      Optional<FlannelNetworkStatus> previous, long generation, Instant now) {
    return new ConditionSet(
        previous.map(FlannelNetworkStatus::conditions).orElse(List.of()), generation, now);
  }

  private static List<StatusCondition> conditions(
      StatusInput situation, Readiness verdict, TunnelsHealthy healthy, Instant now) {
    var conditions = conditions(situation.previous(), situation.generation(), now);
    switch (situation.decision()) {
      case Decision.Accept _, Decision.Wait _ ->
          conditions.add(
              ACCEPTED,
              true,
              "Accepted",
              "the spec can be carried out on this cluster"
                  + ForeignFlannelValidator.beside(situation.wanted(), situation.cluster())
                      .map(beside -> "; " + beside)
                      .orElse(""));
      case Decision.Refuse refuse ->
          conditions.add(ACCEPTED, false, refuse.reason(), refuse.withRemedy());
    }
    return conditions
        .add(READY, verdict.kind() == Readiness.Kind.READY, verdict.reason(), verdict.message())
        .add(TUNNELS_HEALTHY, healthy.status(), healthy.reason(), healthy.message())
        .add(
            RECONCILING,
            verdict.kind() == Readiness.Kind.UNDER_WAY,
            verdict.reason(),
            verdict.message())
        .add(STALLED, verdict.kind() == Readiness.Kind.STUCK, verdict.reason(), verdict.message())
        .list();
  }

  private static Applied applied(LiveFlannel live, Optional<TunnelVerdicts> tunnels) {
    Optional<AppliedConfig> config = live.config();
    return new Applied(
        config.flatMap(AppliedConfig::backend).map(Backend::type).orElse(null),
        config.map(AppliedConfig::directRouting).orElse(null),
        config.flatMap(AppliedConfig::cidr).map(Cidr::toString).orElse(null),
        config.flatMap(AppliedConfig::ipv6Cidr).map(Cidr::toString).orElse(null),
        config
            .map(AppliedConfig::mtu)
            .filter(mtu -> mtu.isPresent())
            .map(mtu -> mtu.getAsInt())
            .or(() -> tunnels.flatMap(StatusReport::mtuOfAllDevices))
            .orElse(null),
        live.configHash(),
        Pods.versionOf(live.image()));
  }

  /** Empty if devices differ or none is known. */
  private static Optional<Integer> mtuOfAllDevices(TunnelVerdicts tunnels) {
    List<Integer> different =
        tunnels.nodes().values().stream()
            .flatMap(node -> node.device().stream())
            .flatMap(device -> Stream.ofNullable(device.mtu()))
            .distinct()
            .limit(2)
            .toList();
    return different.size() == 1 ? Optional.of(different.getFirst()) : Optional.empty();
  }
}

package io.flannel.operator.report;

import static io.flannel.operator.flannel.live.PodCountsBuilder.counts;

import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.StatusCondition;
import io.flannel.operator.api.StatusCondition.Status;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.ClusterState.NetworkRef;
import io.flannel.operator.decide.ClusterState.ServiceRange;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.acceptance.SpecValidator;
import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.decide.observation.Observation;
import io.flannel.operator.decide.rollout.RolloutState;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.flannel.Nodes;
import io.flannel.operator.flannel.foreign.ForeignFlannel;
import io.flannel.operator.flannel.foreign.OtherFlannels;
import io.flannel.operator.flannel.foreign.OtherFlannels.Trace;
import io.flannel.operator.flannel.live.FlannelPod;
import io.flannel.operator.flannel.live.FlannelPods;
import io.flannel.operator.flannel.live.LiveFlannel;
import io.flannel.operator.flannel.live.LiveFlannel.PodCounts;
import io.flannel.operator.flannel.live.RolloutAnnotations;
import io.flannel.operator.flannel.live.RolloutAnnotations.RolledBack;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A network's life from the operator's point of view: the cluster's state and what is reported. */
final class StatusScenario {
  static final Instant BEGIN = Instant.parse("2026-11-23T10:00:00Z");

  private Instant now = BEGIN;
  private Instant actingSince = BEGIN;
  private DesiredNetwork wanted;
  private List<ClusterNode> nodes = List.of();
  private Optional<LiveFlannel> live = Optional.empty();
  private List<ServiceRange> services = List.of();
  private @Nullable FlannelPods pods;
  private List<ForeignFlannel> foreign = List.of();
  private @Nullable Decision decided;
  private boolean wrote;
  private boolean paused;
  private Optional<String> applyError = Optional.empty();
  private Map<String, AgentReport> reports = Map.of();
  private long generation = 1;
  private @Nullable FlannelNetworkStatus status;

  StatusScenario(DesiredNetwork wanted) {
    this.wanted = wanted;
  }

  /** Returns two nodes with ipip, all healthy since 10:00. */
  static StatusScenario running(DesiredNetwork ipip) {
    StatusScenario life = new StatusScenario(ipip).nodes(ipipNode(1), ipipNode(2)).runs(ipip, 2);
    life.report();
    return life;
  }

  /** Returns node n1, n2, … without a lease. */
  static Nodes free(int number) {
    return Nodes.node("n" + number)
        .podCidr("10.244.%d.0/24".formatted(number))
        .internalIp("192.168.0." + number);
  }

  static Nodes ipipNode(int number) {
    return leased(number, "ipip");
  }

  static Nodes leased(int number, String backend) {
    return free(number).leased(backend, "192.168.0." + number);
  }

  StatusScenario wants(DesiredNetwork network) {
    wanted = network;
    generation++;
    return this;
  }

  StatusScenario nodes(Nodes... all) {
    nodes = Nodes.list(all);
    return this;
  }

  StatusScenario nodes(List<ClusterNode> all) {
    nodes = all;
    return this;
  }

  StatusScenario services(String... ranges) {
    services =
        List.of(ranges).stream().map(it -> new ServiceRange("kubernetes", Cidr.parse(it))).toList();
    return this;
  }

  /** Sets the DaemonSet to what it is after this network was applied. */
  StatusScenario runs(DesiredNetwork network, PodCounts pods) {
    live = Optional.of(Networks.live(network, pods));
    wrote = true;
    return this;
  }

  /** Sets the DaemonSet to this many nodes, all updated and ready. */
  StatusScenario runs(DesiredNetwork network, int all) {
    return runs(network, counts(all).get());
  }

  /**
   * Sets the DaemonSet to what it is while a change is rolled back to this network.
   *
   * @param because why the change failed
   */
  StatusScenario goesBack(DesiredNetwork network, PodCounts counts, String because) {
    runs(network, counts);
    live =
        live.map(
            it ->
                new LiveFlannel(
                    it.configHash(),
                    it.config(),
                    it.template(),
                    it.pods(),
                    new RolloutAnnotations(
                        "failed",
                        Optional.of(now),
                        Optional.of("before"),
                        Set.of(),
                        Optional.of(new RolledBack("failed", "", because)))));
    return this;
  }

  /** The operator's own traces, which mark the network as in force. They are never removed here. */
  private OtherFlannels others() {
    return new OtherFlannels(
        List.of(),
        List.of(),
        Optional.empty(),
        wrote ? List.of(new Trace(wanted.name(), BEGIN, /* config= */ true)) : List.of());
  }

  /** Installs another flannel. */
  StatusScenario beside(ForeignFlannel another) {
    foreign = List.of(another);
    return this;
  }

  /** Decides this, whatever the cluster is like. */
  StatusScenario decides(Decision decision) {
    decided = decision;
    return this;
  }

  /** Removes the DaemonSet. */
  StatusScenario runsNothing() {
    live = Optional.empty();
    return this;
  }

  /** Sets flannel's pods; by default, as many are done as Kubernetes counts. */
  StatusScenario pods(FlannelPods all) {
    pods = all;
    return this;
  }

  StatusScenario paused(boolean yes) {
    paused = yes;
    generation++;
    return this;
  }

  StatusScenario applyFails(@Nullable String message) {
    applyError = Optional.ofNullable(message);
    return this;
  }

  /** Sets the node agents' reports. */
  StatusScenario reports(Map<String, AgentReport> all) {
    reports = all;
    return this;
  }

  /** Restarts the operator. */
  StatusScenario restarted() {
    actingSince = now;
    return this;
  }

  StatusScenario after(Duration duration) {
    now = now.plus(duration);
    return this;
  }

  /** Reports, and returns the resulting Events, such as {@code Normal Ready}. */
  List<String> report() {
    return happenings().stream()
        .map(it -> (it.warning() ? "Warning " : "Normal ") + it.reason())
        .toList();
  }

  List<NetworkEvent> happenings() {
    FlannelNetworkStatus next = next();
    List<NetworkEvent> happenings =
        next.equals(status) ? List.of() : NetworkEvent.between(Optional.ofNullable(status), next);
    status = next;
    wrote |= !paused && condition("Accepted").status() == Status.TRUE;
    return happenings;
  }

  /** Returns the status that would be reported now. */
  FlannelNetworkStatus next() {
    ClusterState cluster =
        new ClusterState(
            nodes,
            services,
            List.of(new NetworkRef(wanted.name(), BEGIN)),
            live,
            foreign,
            pods == null ? donePods() : pods,
            others());
    Decision decision = decided == null ? SpecValidator.judge(wanted, cluster) : decided;
    Observation seen =
        Observation.of(wanted, cluster, reports, Optional.ofNullable(status), clock().instant());
    return StatusReport.of(
        new StatusInput(
            generation,
            seen,
            seen.tunnels(),
            decision,
            paused,
            applyError,
            Optional.empty(),
            RolloutState.of(
                seen,
                new RolloutState.Target(live.map(it -> it.marks().revision()).orElse("r"), "")),
            actingSince),
        clock());
  }

  private FlannelPods donePods() {
    return live.filter(it -> it.pods().observed())
        .map(
            it ->
                new FlannelPods(
                    nodes.stream()
                        .limit(Math.min(it.pods().updated(), it.pods().available()))
                        .map(node -> donePod(node.name(), it))
                        .toList(),
                    Map.of()))
        .orElse(FlannelPods.NONE);
  }

  private static FlannelPod donePod(String node, LiveFlannel live) {
    return new FlannelPod(
        "kube-flannel-ds-" + node,
        node,
        live.marks().revision(),
        live.configHash(),
        Optional.of(BEGIN),
        true);
  }

  Clock clock() {
    return Clock.fixed(now, ZoneOffset.UTC);
  }

  FlannelNetworkStatus status() {
    return Objects.requireNonNull(status);
  }

  StatusCondition condition(String type) {
    return condition(status(), type);
  }

  static StatusCondition condition(FlannelNetworkStatus status, String type) {
    return Objects.requireNonNull(status.conditions()).stream()
        .filter(one -> one.type().equals(type))
        .findFirst()
        .orElseThrow();
  }

  /**
   * Returns the conditions that are True, and Ready's reason: {@code Accepted Ready:
   * AllNodesLeased}.
   */
  String says() {
    return says(status());
  }

  static String says(FlannelNetworkStatus status) {
    return Objects.requireNonNull(status.conditions()).stream()
            .filter(one -> one.status() == Status.TRUE)
            .map(StatusCondition::type)
            .collect(Collectors.joining(" "))
        + ": "
        + condition(status, "Ready").reason();
  }

  /** Returns the result of kstatus' rules for any resource (sigs.k8s.io/cli-utils, pkg/kstatus). */
  String kstatus() {
    FlannelNetworkStatus it = status();
    if (!Long.valueOf(generation).equals(it.observedGeneration())) {
      return "InProgress";
    }
    if (condition("Reconciling").status() == Status.TRUE) {
      return "InProgress";
    }
    if (condition("Stalled").status() == Status.TRUE) {
      return "Failed";
    }
    return condition("Ready").status() == Status.TRUE ? "Current" : "InProgress";
  }
}

package io.flannel.operator.agent;

import io.flannel.operator.agent.OwnFlannelNode.Wanted;
import io.flannel.operator.agent.checks.LocalChecks;
import io.flannel.operator.agent.checks.LocalState;
import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.api.FlannelNodeStatus;
import io.flannel.operator.api.FlannelNodeStatus.PeerReport;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Checks the node, tells the prober which peers to probe, and combines both results into a status.
 * Not thread-safe.
 */
final class NodeObserver {
  private final LocalChecks checks;
  private final Prober prober;
  private final ProbeKeyFiles keys;
  private final RunningAgent agent;
  private final Clock clock;
  private final FailureLog unchecked = new FailureLog(NodeObserver.class);

  private LocalState local = LocalState.NOTHING;
  private OptionalInt mtu = OptionalInt.empty();
  private @Nullable ProbeSettings probed;

  /**
   * @param keys the keys that requests are signed with
   * @param agent what the status says about the agent itself
   */
  NodeObserver(
      LocalChecks checks, Prober prober, ProbeKeyFiles keys, RunningAgent agent, Clock clock) {
    this.checks = checks;
    this.prober = prober;
    this.keys = keys;
    this.agent = agent;
    this.clock = clock;
  }

  /** Checks the node and has its peers probed. */
  void look(FlannelNodeSpec spec, ProbeSettings settings) {
    keys.look(System.nanoTime());
    try {
      local = checks.look(spec);
      unchecked.over("the node can be checked again");
    } catch (RuntimeException e) {
      unchecked.begins(
          e.toString(), "the node could not be checked, so what was seen before is told: " + e);
    }
    OptionalInt found = PodMtu.find(spec, local.device(), settings);
    // A device that disappears for a moment must not discard the results of full-size probes.
    mtu = found.isPresent() ? found : mtu;
    ProbeSettings withMtu = settings.withMtu(mtu);
    if (!withMtu.equals(probed)) {
      probed = withMtu;
      prober.probe(withMtu);
    }
  }

  /** Stops probing. */
  void rest() {
    prober.probe(null);
    probed = null;
  }

  /** Returns the part of the current status whose change triggers a write. */
  SignificantStatus substance(Wanted now) {
    return SignificantStatus.of(status(now, false, prober.reportsWithoutTimes()));
  }

  /**
   * Returns the status to report.
   *
   * @param stopping whether the agent was told to stop
   */
  FlannelNodeStatus status(Wanted now, boolean stopping) {
    return status(now, stopping, prober.reports());
  }

  private FlannelNodeStatus status(Wanted now, boolean stopping, List<PeerReport> peers) {
    return new FlannelNodeStatus(
        now.generation(),
        clock.instant().truncatedTo(ChronoUnit.MILLIS).toString(),
        agent.version(),
        agent.since().truncatedTo(ChronoUnit.MILLIS).toString(),
        stopping ? true : null,
        agent.nodeBootedAt(),
        local.device().orElse(null),
        local.bridgeAddress().orElse(null),
        local.way().nic().orElse(null),
        local.way().bridge().orElse(null),
        local.findings(),
        peers.stream().map(peer -> peer.with(local.way().routes().get(peer.name()))).toList());
  }
}

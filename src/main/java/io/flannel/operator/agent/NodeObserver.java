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
 * Looks at the node, tells the prober whom to probe, and puts what both see into a status. For one
 * thread.
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
   * @param keys what requests are signed with
   * @param agent what the status says of itself
   */
  NodeObserver(
      LocalChecks checks, Prober prober, ProbeKeyFiles keys, RunningAgent agent, Clock clock) {
    this.checks = checks;
    this.prober = prober;
    this.keys = keys;
    this.agent = agent;
    this.clock = clock;
  }

  /** Looks at the node, and has its peers probed. */
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
    // A device that is gone for a moment is no reason to forget what full-size probes saw.
    mtu = found.isPresent() ? found : mtu;
    ProbeSettings withMtu = settings.withMtu(mtu);
    if (!withMtu.equals(probed)) {
      probed = withMtu;
      prober.probe(withMtu);
    }
  }

  /** Has nobody probed. */
  void rest() {
    prober.probe(null);
    probed = null;
  }

  /** What the status would be written for now. */
  SignificantStatus substance(Wanted now) {
    return SignificantStatus.of(status(now, false, prober.reportsWithoutTimes()));
  }

  /**
   * The status.
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

package io.flannel.operator.decide.health;

import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.api.FlannelNodeStatus;
import io.flannel.operator.api.FlannelNodeStatus.Device;
import io.flannel.operator.api.FlannelNodeStatus.Route;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.flannel.Cidr;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What the operator has from a node's agent. */
public sealed interface AgentReport {
  /** An agent reports at least every 10 minutes: after three times that it is silent. */
  Duration SILENT_AFTER = Duration.ofMinutes(31);

  /** So long an agent may take from its FlannelNode's creation to its first report. */
  Duration FIRST_WITHIN = Duration.ofMinutes(2);

  /**
   * No report yet.
   *
   * @param waiting since the FlannelNode was made
   */
  record Awaited(Duration waiting) implements AgentReport {
    boolean overdue() {
      return waiting.compareTo(FIRST_WITHIN) > 0;
    }
  }

  /**
   * A report that cannot be; nothing in it counts.
   *
   * @param why what is impossible in it, as a sentence
   * @param held for how long the node's reports have been so
   * @param left the report that is there is possible, but others just before were not: after so
   *     long it counts, if no other of the kind comes; empty: the one that is there is impossible
   */
  record Nonsense(String why, Duration held, Optional<Duration> left) implements AgentReport {
    /** As it was read; how long that has been so is not known yet. */
    public Nonsense(String why) {
      this(why, Duration.ZERO, Optional.empty());
    }
  }

  /**
   * A report.
   *
   * @param age since it arrived, by the operator's clock
   * @param agentFor for how long the agent has run; empty: it does not say
   * @param nodeFor for how long the node has run since it booted; empty: the agent does not say
   * @param stopping whether the agent was told to stop, so that this is its last report
   * @param device the tunnel device as it is, if there is one
   * @param bridgeAddress of the pods' bridge, if there is one
   * @param nic the device that carries the overlay, as it is, if the agent tells
   * @param bridge the pods' bridge as it is, if there is one and the agent tells
   * @param findings what is wrong on the node, in the agent's order; peers that are no longer in
   *     the node's spec are left out, here and in {@code paths}
   */
  record Received(
      Duration age,
      Optional<Duration> agentFor,
      Optional<Duration> nodeFor,
      boolean stopping,
      Optional<Device> device,
      Optional<Cidr> bridgeAddress,
      Optional<Device> nic,
      Optional<Device> bridge,
      List<Finding> findings,
      List<Path> paths)
      implements AgentReport {
    /** Whether it is so old that the agent must be gone. */
    public boolean silent() {
      return age.compareTo(SILENT_AFTER) > 0;
    }

    @Override
    public AgentReport withFindings(UnaryOperator<Stream<Finding>> change) {
      List<Finding> others = change.apply(findings.stream()).toList();
      return new Received(
          age, agentFor, nodeFor, stopping, device, bridgeAddress, nic, bridge, others, paths);
    }
  }

  /** The same with other findings, where there are any. */
  default AgentReport withFindings(UnaryOperator<Stream<Finding>> change) {
    return this;
  }

  /**
   * Something wrong on the node.
   *
   * @param seen what the agent saw, in its words; may be empty
   * @param peer the peer concerned; always there for a fault of {@link NodeFault.Scope#PEER}
   */
  record Finding(NodeFault fault, String seen, Optional<String> peer) {}

  /**
   * What the node's probes of a peer saw.
   *
   * @param address the peer's node address at which it was probed; an older agent does not say
   * @param held how long it has been so: by the agent's clock until it reported, by the operator's
   *     since; the two need not agree about the time
   * @param steady whether none of its probes was lost of late, so that what failed lately elsewhere
   *     does not fail here; an older agent does not say, and is taken not to
   * @param lossPercent lost probes in percent, where measured
   * @param rttP50Micros median round-trip time in microseconds, where measured
   * @param rttP99Micros 99th percentile of the same
   * @param route the kernel's route to the peer's pods, where the agent tells one
   */
  record Path(
      String peer,
      Optional<Cidr> address,
      PathState state,
      Duration held,
      boolean steady,
      Optional<Integer> lossPercent,
      Optional<Integer> rttP50Micros,
      Optional<Integer> rttP99Micros,
      Optional<Route> route) {}

  /**
   * Reads what an agent wrote.
   *
   * @param generation {@code metadata.generation} of the FlannelNode
   * @param spec its spec; null: it has none, or none that can be read
   * @param status its status, as the agent wrote it; null: not yet
   * @param age how long ago, by the operator's clock, this report arrived; without one, how long
   *     ago the FlannelNode was made
   */
  static AgentReport read(
      long generation,
      @Nullable FlannelNodeSpec spec,
      @Nullable FlannelNodeStatus status,
      Duration age) {
    return status == null || status.reportedAt() == null
        ? new Awaited(age)
        : ReportReader.read(generation, spec, status, age);
  }
}

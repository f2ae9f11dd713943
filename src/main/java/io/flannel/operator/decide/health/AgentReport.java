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

/** What the operator knows from a node's agent. */
public sealed interface AgentReport {
  /**
   * An agent is silent after this long without a report: it reports at least every 10 minutes, so
   * three are missing.
   */
  Duration SILENT_AFTER = Duration.ofMinutes(31);

  /** How long an agent may take from its FlannelNode's creation to its first report. */
  Duration FIRST_WITHIN = Duration.ofMinutes(2);

  /**
   * No report yet.
   *
   * @param waiting how long ago the FlannelNode was created
   */
  record Awaited(Duration waiting) implements AgentReport {
    boolean overdue() {
      return waiting.compareTo(FIRST_WITHIN) > 0;
    }
  }

  /**
   * A report with impossible values; it is ignored as a whole.
   *
   * @param why what is impossible in it, as a sentence
   * @param held how long the node's reports have been impossible
   * @param left how long until the current report counts, which is possible but follows impossible
   *     ones, if no other impossible one comes; empty if the current report is impossible
   */
  record Nonsense(String why, Duration held, Optional<Duration> left) implements AgentReport {
    /** Creates it as read: how long the reports have been impossible is not known yet. */
    public Nonsense(String why) {
      this(why, Duration.ZERO, Optional.empty());
    }
  }

  /**
   * A report.
   *
   * @param age time since it arrived, by the operator's clock
   * @param agentFor how long the agent has run; empty if it does not say
   * @param nodeFor time since the node booted; empty if the agent does not say
   * @param stopping whether the agent was told to stop; then this is its last report
   * @param device the tunnel device as it is, if there is one
   * @param bridgeAddress the address of the pods' bridge, if there is one
   * @param nic the device that carries the overlay as it is, if the agent reports it
   * @param bridge the pods' bridge as it is, if there is one and the agent reports it
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
    /** Whether the report is so old that the agent must be gone. */
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

  /** Changes the findings, if the report has any. */
  default AgentReport withFindings(UnaryOperator<Stream<Finding>> change) {
    return this;
  }

  /**
   * Something wrong on the node.
   *
   * @param seen what the agent saw, in its words; may be empty
   * @param peer the peer concerned; never empty for a fault of {@link NodeFault.Scope#PEER}
   */
  record Finding(NodeFault fault, String seen, Optional<String> peer) {}

  /**
   * What the node's probes of a peer saw.
   *
   * @param address the peer's node address that was probed; empty if the agent is too old to say
   * @param held how long the state has lasted: by the agent's clock until it reported, by the
   *     operator's since; the two clocks need not agree
   * @param steady whether no probe was lost recently, so that what failed elsewhere recently does
   *     not fail here; false if the agent is too old to say
   * @param lossPercent lost probes in percent, if measured
   * @param rttP50Micros median round-trip time in microseconds, if measured
   * @param rttP99Micros 99th percentile of the same
   * @param route the kernel's route to the peer's pods, if the agent reports one
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
   * @param spec its spec; null if it has none, or none that can be read
   * @param status its status, as the agent wrote it; null if there is none yet
   * @param age time since this report arrived, by the operator's clock; without a report, time
   *     since the FlannelNode was created
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

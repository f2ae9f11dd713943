package io.flannel.operator.report.path;

import static io.flannel.operator.flannel.Nodes.node;

import io.flannel.operator.api.FlannelNodeStatus.Device;
import io.flannel.operator.api.FlannelNodeStatus.Route;
import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.decide.health.AgentReport.Finding;
import io.flannel.operator.decide.health.AgentReport.Received;
import io.flannel.operator.decide.health.PathState;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.problem.LeaseProblem;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.flannel.Backend;
import io.flannel.operator.flannel.BackendVxlan;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.Lease;
import io.flannel.operator.flannel.Nodes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A node at one end of a path, and its agent's report. Everything is healthy unless a test says
 * otherwise.
 */
final class SimulatedEnd {
  private final int number;
  private final int other;
  private final List<Finding> findings = new ArrayList<>();
  private Backend backend = PathScenario.IPIP;
  PathState state = PathState.PASSES;
  Route route;
  LeaseProblem problem;
  boolean silent;
  boolean ipv6;
  boolean dualStack;

  /** Its agent reports no device. */
  boolean withoutDevices;

  SimulatedEnd(int number, int other) {
    this.number = number;
    this.other = other;
    route = new Route(null, "192.168.0.8" + other, "flannel.ipip", true);
  }

  void run(Backend which) {
    backend = which;
  }

  void finds(NodeFault fault, String seen, String peer) {
    findings.add(new Finding(fault, seen, Optional.ofNullable(peer)));
  }

  PathEndpoint end() {
    Nodes node = node("n" + number);
    String type = backend.type().wireName();
    if (dualStack) {
      node.podCidr("10.244.%d.0/24".formatted(number), "fd00:10:244:%d::/64".formatted(number))
          .leased(type, "192.168.0.8" + number, "fd00:192:168::8" + number);
    } else if (ipv6) {
      node.podCidr("fd00:10:244:%d::/64".formatted(number))
          .leased(type, "0.0.0.0", "fd00:192:168::8" + number);
    } else {
      node.podCidr("10.244.%d.0/24".formatted(number)).leased(type, "192.168.0.8" + number);
    }
    if (backend instanceof BackendVxlan) {
      node.flannel(
          "backend-data", "{\"VNI\":1,\"VtepMAC\":\"12:c6:65:89:b4:0%d\"}".formatted(number));
    }
    var cluster = node.get();
    return PathEndpoint.of(
        new NodeLease(cluster, Lease.of(cluster), Optional.ofNullable(problem)),
        Optional.of(report()),
        silent);
  }

  private AgentReport report() {
    int mtu = 1500 - backend.overhead();
    return new Received(
        Duration.ofSeconds(3),
        Optional.empty(),
        Optional.empty(),
        false,
        withoutDevices
            ? Optional.empty()
            : backend
                .device(ipv6 ? Cidr.Family.IPV6 : Cidr.Family.IPV4)
                .map(
                    name ->
                        new Device(
                            name,
                            backend.type().wireName(),
                            true,
                            mtu,
                            "10.244.%d.0/32".formatted(number))),
        Optional.empty(),
        withoutDevices
            ? Optional.empty()
            : Optional.of(
                new Device("eth0", null, true, 1500, "192.168.0.8%d/24".formatted(number))),
        withoutDevices
            ? Optional.empty()
            : Optional.of(
                new Device("cni0", "bridge", true, mtu, "10.244.%d.1/24".formatted(number))),
        findings,
        List.of(
            new AgentReport.Path(
                "n" + other,
                Optional.empty(),
                state,
                Duration.ofMinutes(1),
                true,
                Optional.of(0),
                Optional.of(400),
                Optional.of(900),
                Optional.ofNullable(route))));
  }
}

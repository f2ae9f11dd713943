package io.flannel.operator.report.path;

import io.flannel.operator.decide.health.TunnelVerdicts;
import io.flannel.operator.flannel.Backend;
import io.flannel.operator.flannel.BackendIpip;
import io.flannel.operator.flannel.BackendVxlan;
import io.flannel.operator.flannel.BackendWireguard;
import io.flannel.operator.report.path.PacketPath.Hop;
import io.flannel.operator.report.path.PacketPath.Kind;
import io.flannel.operator.report.path.PacketPath.State;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Two nodes, and the path from pods on one to pods on the other. */
final class PathScenario {
  static final Backend VXLAN = new BackendVxlan(1, 8472, false, false);
  static final Backend IPIP = new BackendIpip(false);
  static final Backend WIREGUARD = new BackendWireguard(51820, 25, Optional.empty());

  final SimulatedEnd n1 = new SimulatedEnd(1, 2);
  final SimulatedEnd n2 = new SimulatedEnd(2, 1);

  void both(Backend backend) {
    n1.run(backend);
    n2.run(backend);
  }

  PacketPath path(Backend inForce) {
    return path(inForce, Optional.empty());
  }

  PacketPath path(Backend inForce, Optional<TunnelVerdicts> verdicts) {
    return PathReport.of(n1.end(), n2.end(), List.of(inForce), verdicts);
  }

  static Hop hop(PacketPath path, Kind kind, boolean far) {
    List<Hop> all = path.hops().stream().filter(hop -> hop.kind() == kind).toList();
    return far ? all.getLast() : all.getFirst();
  }

  static List<String> broken(PacketPath path) {
    return path.hops().stream()
        .filter(hop -> hop.state() == State.BROKEN)
        .map(hop -> hop.kind().name().toLowerCase(Locale.ROOT) + " " + or(hop.node()))
        .toList();
  }

  static String or(Object value) {
    return value == null ? "-" : value.toString();
  }
}

package io.flannel.operator.report.path;

import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.decide.problem.LeaseProblem;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.decide.problem.NodeFault.Effect;
import io.flannel.operator.flannel.Names;
import io.flannel.operator.report.path.PacketPath.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The faults on the two nodes themselves, each at the hop where it affects packets. */
final class Faults {
  private final PathEndpoint from;
  private final PathEndpoint to;
  private final boolean encapsulated;
  private final boolean lost;
  private final List<PathFault> breaks = new ArrayList<>();

  private Faults(PathEndpoint from, PathEndpoint to, boolean encapsulated, boolean lost) {
    this.from = from;
    this.to = to;
    this.encapsulated = encapsulated;
    this.lost = lost;
  }

  /**
   * Finds the faults.
   *
   * @param lost whether probes between the two are lost: a mere hint counts only then
   */
  static List<PathFault> of(
      PathEndpoint from, PathEndpoint to, boolean encapsulated, boolean lost) {
    Faults faults = new Faults(from, to, encapsulated, lost);
    faults.lease(from);
    faults.lease(to);
    from.findings(to).forEach(found -> faults.find(found, false));
    to.findings(from).forEach(found -> faults.find(found, true));
    return faults.breaks;
  }

  /**
   * flannel sets up no path to or from a node without a lease, which shows at the sender's route.
   */
  private void lease(PathEndpoint end) {
    end.lease()
        .problem()
        .ifPresent(
            problem ->
                breaks.add(
                    new PathFault(
                        problem == LeaseProblem.DUPLICATE_PUBLIC_IP ? Kind.WIRE : Kind.ROUTE,
                        false,
                        false,
                        // The old backend's left-overs still carry packets.
                        problem != LeaseProblem.OTHER_BACKEND,
                        problem,
                        Names.ofNodes(List.of(end.name())) + " " + problem.message(),
                        "",
                        problem.remedy())));
  }

  private void find(AgentReport.Finding found, boolean far) {
    NodeFault fault = found.fault();
    boolean hint = fault.effect() == Effect.HINT;
    if (hint && !lost) {
      return;
    }
    PathEndpoint end = far ? to : from;
    String message =
        "%s %s%s"
            .formatted(
                Names.ofNodes(List.of(end.name())),
                fault.message(),
                found.seen().isEmpty() ? "" : "; %s says: %s".formatted(end.name(), found.seen()));
    place(fault, far)
        .ifPresent(
            place ->
                breaks.add(
                    new PathFault(
                        place.kind(),
                        far,
                        place.back(),
                        hint || cutsPods(fault),
                        fault,
                        message,
                        found.seen(),
                        fault.remedy())));
  }

  private record Place(Kind kind, boolean back) {}

  /** Whether the fault cuts off pods. Probes do not notice all of these faults. */
  private static boolean cutsPods(NodeFault fault) {
    return switch (fault) {
      case IP_FORWARDING_OFF, BRIDGE_ADDRESS_WRONG -> true;
      default -> fault.effect() == Effect.CUTS || fault.effect() == Effect.CUTS_FULL_SIZE;
    };
  }

  /** Where a fault affects packets; empty if it does not. */
  private Optional<Place> place(NodeFault fault, boolean far) {
    return switch (fault) {
      case DEVICE_MISSING,
          DEVICE_DOWN,
          DEVICE_KIND_WRONG,
          DEVICE_ENDPOINT_WRONG,
          DEVICE_VNI_WRONG,
          DEVICE_PORT_WRONG,
          DEVICE_MTU_WRONG,
          DEVICE_ADDRESS_MISSING ->
          tunnel(false);
      // Needed only to send; incoming packets do not use them.
      case NEIGHBOUR_MISSING, NEIGHBOUR_WRONG, FDB_MISSING, FDB_WRONG -> tunnel(far);
      case NETWORK_ROUTE_MISSING, ROUTE_MISSING, ROUTE_WRONG ->
          Optional.of(new Place(far ? Kind.POD : Kind.ROUTE, far));
      // Takes incoming packets.
      case RIVAL_DEVICE, RIVAL_DEVICE_FOR_PEER -> tunnel(!far);
      case REVERSE_PATH_FILTER_STRICT ->
          encapsulated ? tunnel(!far) : Optional.of(new Place(Kind.NIC, !far));
      case UDP_CHECKSUM_ERRORS -> Optional.of(new Place(Kind.NIC, !far));
      case IP_FORWARDING_OFF -> Optional.of(new Place(far ? Kind.BRIDGE : Kind.ROUTE, false));
      case BRIDGE_ADDRESS_WRONG, BRIDGE_MTU_WRONG -> Optional.of(new Place(Kind.BRIDGE, false));
      case SUBNET_ENV_MISSING, SUBNET_ENV_WRONG, CNI_CONFIG_MISSING ->
          Optional.of(new Place(Kind.POD, false));
      case ROUTE_STALE, LEFT_OVERS, CHECKS_FAILED -> Optional.empty();
    };
  }

  private Optional<Place> tunnel(boolean back) {
    return encapsulated ? Optional.of(new Place(Kind.TUNNEL, back)) : Optional.empty();
  }
}

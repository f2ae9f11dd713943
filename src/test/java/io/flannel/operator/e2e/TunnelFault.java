package io.flannel.operator.e2e;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A fault of the lab on node 2, and what the FlannelNetwork's status has to say about it.
 *
 * @param name the lab's name for it
 * @param peer the number of the other node that it concerns; null for none or all
 * @param reason of the one problem
 * @param nodes that the problem names
 * @param said part of the problem's message
 * @param passing reasons that may appear temporarily, such as while the node registers again
 */
record TunnelFault(
    String name,
    @Nullable Integer peer,
    String reason,
    Set<String> nodes,
    String said,
    Set<String> passing) {
  static final int NODE = 2;
  private static final int PEER = 1;
  private static final Set<String> REGISTERING =
      Set.of("NotRegistered", "NotReported", "AgentSilent", "NoPodCIDR");

  /** Returns all faults that can be injected into a network of this backend, quick ones first. */
  static List<TunnelFault> of(String backend) {
    List<TunnelFault> faults = new ArrayList<>();
    if (backend.equals("vxlan")) {
      faults.add(atNode("drop-vxlan", "EncapsulationBlocked"));
      faults.add(between("drop-vxlan", "EncapsulationBlocked"));
      faults.add(toward("fdb-delete", "FDBMissing"));
      faults.add(toward("fdb-wrong", "FDBWrong"));
      faults.add(toward("neigh-wrong-mac", "NeighbourWrong"));
    } else {
      faults.add(atNode("drop-ipip", "EncapsulationBlocked"));
      faults.add(between("drop-ipip", "EncapsulationBlocked"));
      faults.add(toward("ipip-rival", "RivalDeviceForPeer"));
    }
    faults.add(toward("delete-route", "RouteMissing"));
    faults.add(toward("wrong-route", "RouteWrong"));
    faults.add(atNode("stale-route", "RouteStale"));
    faults.add(atNode("link-down", "DeviceDown"));
    faults.add(backend.equals("vxlan") ? remade() : atNode("link-delete", "DeviceMissing"));
    faults.add(atNode("wrong-mtu", "DeviceMTUWrong"));
    faults.add(atNode("path-mtu", "MTUBlackHole"));
    faults.add(atNode("cni0-wrong-address", "BridgeAddressWrong"));
    faults.add(atNode("subnet-env-missing", "SubnetEnvMissing"));
    faults.add(atNode("ip-forward-off", "IPForwardingOff"));
    faults.add(atNode("packet-loss", "PacketLoss"));
    faults.add(atNode("agent-silent", "AgentSilent"));
    faults.add(
        new TunnelFault(
            "agent-nonsense",
            null,
            "ReportInvalid",
            Set.of("node2"),
            "node2",
            // A new pod heals it; until that pod answers, no agent does.
            Set.of("AgentSilent")));
    faults.add(atNode("agent-killed", "AgentSilent"));
    faults.add(
        new TunnelFault(
            "duplicate-public-ip",
            PEER,
            "DuplicatePublicIP",
            Set.of("node1", "node2"),
            "",
            Set.of()));
    faults.add(
        new TunnelFault(
            "wrong-public-ip", null, "PublicIPWrong", Set.of("node2"), "node2", Set.of()));
    faults.add(
        new TunnelFault(
            "power-off",
            null,
            "NodeUnreachable",
            Set.of("node2"),
            "node2",
            // After it is switched on again, until its agent runs and until flanneld does.
            Set.of("AgentSilent", "DeviceMissing", "SubnetEnvMissing", "RouteMissing")));
    faults.add(registeringAnew("no-pod-cidr", "NoPodCIDR"));
    faults.add(registeringAnew("pod-cidr-outside", "PodCIDROutside"));
    return faults;
  }

  /** flanneld recreates a vxlan device within seconds, but without its entries. */
  private static TunnelFault remade() {
    return new TunnelFault(
        "link-delete",
        null,
        "RouteMissing",
        Set.of("node2"),
        "node2 (toward node1 and node3)",
        Set.of("DeviceMissing"));
  }

  private static TunnelFault atNode(String name, String reason) {
    return new TunnelFault(name, null, reason, Set.of("node2"), "node2", Set.of());
  }

  private static TunnelFault toward(String name, String reason) {
    return new TunnelFault(name, PEER, reason, Set.of("node2"), "node2 (toward node1)", Set.of());
  }

  private static TunnelFault between(String name, String reason) {
    return new TunnelFault(
        name, PEER, reason, Set.of("node1", "node2"), "between node1 and node2", Set.of());
  }

  private static TunnelFault registeringAnew(String name, String reason) {
    return new TunnelFault(name, null, reason, Set.of("node2"), "node2", REGISTERING);
  }

  @Override
  public String toString() {
    return peer == null ? name : name + " toward node" + peer;
  }
}

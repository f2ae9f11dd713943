package io.flannel.operator.decide.problem;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Everything that a node's agent can find wrong on its node by looking at the kernel and at
 * flannel's files. The reasons appear in a FlannelNode's {@code status.findings[].reason};
 * docs/troubleshooting.md has a section for each.
 */
public enum NodeFault implements ProblemReason {
  /** The tunnel device does not exist. */
  DEVICE_MISSING(
      "DeviceMissing",
      Scope.NODE,
      Effect.CUTS,
      "lacks its tunnel device: nothing that the overlay carries reaches or leaves it",
      "restart the node's flannel pod: kubectl -n kube-flannel delete pod, with the pod that"
          + " kubectl -n kube-flannel get pods -o wide shows on the node"),
  /** The tunnel device is down. */
  DEVICE_DOWN(
      "DeviceDown",
      Scope.NODE,
      Effect.CUTS,
      "has its tunnel device down, which took the routes to its peers along",
      "ip link set <device> up on the node, then restart its flannel pod, which restores the"
          + " routes"),
  /** The tunnel device is not of the backend's kind. */
  DEVICE_KIND_WRONG(
      "DeviceKindWrong",
      Scope.NODE,
      Effect.CUTS,
      "has a device of another kind under its tunnel device's name",
      "find out what made the device; ip link delete <device> on the node, then restart its flannel"
          + " pod"),
  /** The tunnel device's outer addresses are not those that peers send to. */
  DEVICE_ENDPOINT_WRONG(
      "DeviceEndpointWrong",
      Scope.NODE,
      Effect.CUTS,
      "has a tunnel device with another local address than the one that its peers send to, or one"
          + " that is bound to a single remote",
      "if the node's address changed, restart its flannel pod; else look at the FlannelNetwork's"
          + " interface and at the Node's annotation"
          + " flannel.alpha.coreos.com/public-ip-overwrite"),
  /** The vxlan device has another network identifier. */
  DEVICE_VNI_WRONG(
      "DeviceVNIWrong",
      Scope.NODE,
      Effect.CUTS,
      "has a vxlan device with another VNI than the network's: its peers drop what it sends",
      "restart the node's flannel pod: it makes the device again where the VNI differs"),
  /** The vxlan device uses another UDP port. */
  DEVICE_PORT_WRONG(
      "DevicePortWrong",
      Scope.NODE,
      Effect.CUTS,
      "has a vxlan device with another UDP port than the network's",
      "restart the node's flannel pod: it makes the device again where the port differs"),
  /** The tunnel device's MTU is not what the NIC or the network's mtu makes it. */
  DEVICE_MTU_WRONG(
      "DeviceMTUWrong",
      Scope.NODE,
      Effect.CUTS_FULL_SIZE,
      "has a tunnel device with another MTU than the NIC and the network's mtu make it: large"
          + " packets are lost or cut into pieces",
      "ip link set <device> mtu <MTU> on the node; if the NIC's MTU is what changed, restart the"
          + " node's flannel pod, and then its pods, which keep theirs"),
  /** The tunnel device lacks the node's overlay address. */
  DEVICE_ADDRESS_MISSING(
      "DeviceAddressMissing",
      Scope.NODE,
      Effect.CUTS,
      "lacks its overlay address on the tunnel device: what it sends itself bears an address that"
          + " the overlay does not know",
      "restart the node's flannel pod: it sets the address; if the podCIDR changed, its pods,"
          + " too"),
  /** wireguard's one route for the whole network is missing. */
  NETWORK_ROUTE_MISSING(
      "NetworkRouteMissing",
      Scope.NODE,
      Effect.CUTS,
      "lacks the route for the network's range through its wireguard device",
      "restart the node's flannel pod: it adds the route when it learns of its peers"),
  /** There is no route to a peer's pods. */
  ROUTE_MISSING(
      "RouteMissing",
      Scope.PEER,
      Effect.CUTS,
      "lacks the route to a peer's pods",
      "with ipip and host-gw flannel adds it again within 10 seconds; with vxlan restart the node's"
          + " flannel pod. If it goes again, something else removes it: ip monitor route"),
  /** The route to a peer's pods leads elsewhere. */
  ROUTE_WRONG(
      "RouteWrong",
      Scope.PEER,
      Effect.CUTS,
      "has a route to a peer's pods that leads elsewhere",
      "ip route delete <route> on the node, then restart its flannel pod; a route that another"
          + " program set comes back: look for it with ip monitor route"),
  /** A route into the network's range belongs to no node. */
  ROUTE_STALE(
      "RouteStale",
      Scope.NODE,
      Effect.NONE,
      "has a route inside the network's range that leads to no node: a left-over of a node that is"
          + " gone",
      "nothing, as a rule: the operator removes it once all tunnels are healthy; by hand, ip route"
          + " delete <route> on the node"),
  /** Devices or routes of another backend, or made for a change, are still there. */
  LEFT_OVERS(
      "LeftOvers",
      Scope.NODE,
      Effect.ADVICE,
      "still has devices or routes that flannel left when its configuration changed",
      "nothing, as a rule: the operator removes them once every node runs the present configuration"
          + " and all tunnels are healthy; so look at the other problems first. If they stay, look at"
          + " the task's pod: kubectl get pods -A -l app=flannel-node-task"),
  /** vxlan: the peer's MAC address is not known. */
  NEIGHBOUR_MISSING(
      "NeighbourMissing",
      Scope.PEER,
      Effect.CUTS,
      "lacks the permanent neighbour entry of a peer's vxlan device",
      "restart the node's flannel pod: it adds the entries only when it learns of a peer"),
  /** vxlan: the peer's MAC address is not the one that the node has for it. */
  NEIGHBOUR_WRONG(
      "NeighbourWrong",
      Scope.PEER,
      Effect.CUTS,
      "has a neighbour entry with another MAC address than the peer published",
      "restart the node's flannel pod. If the peer's device has another MAC address than the"
          + " peer's Node says, start the peer's flannel pod, too"),
  /** vxlan: the node does not know where the peer's MAC address is. */
  FDB_MISSING(
      "FDBMissing",
      Scope.PEER,
      Effect.CUTS,
      "lacks the forwarding entry of a peer's vxlan device",
      "restart the node's flannel pod: it adds the entries only when it learns of a peer"),
  /** vxlan: the node sends to an address that is not the peer's. */
  FDB_WRONG(
      "FDBWrong",
      Scope.PEER,
      Effect.CUTS,
      "has a forwarding entry that sends a peer's packets to another address",
      "restart the node's flannel pod"),
  /** ipip: another device receives the packets for flannel's. */
  RIVAL_DEVICE(
      "RivalDevice",
      Scope.NODE,
      Effect.CUTS,
      "has another ipip device that takes the packets meant for flannel's",
      "find out what made the device (tunl0 comes with the kernel's module, and is harmless while"
          + " down); ip link set <device> down on the node"),
  /** ipip: another device receives the packets of one peer. */
  RIVAL_DEVICE_FOR_PEER(
      "RivalDeviceForPeer",
      Scope.PEER,
      Effect.CUTS,
      "has another ipip device that takes the packets of one peer: the kernel prefers the device"
          + " that names the sender",
      "find out what made the device; ip link delete <device> on the node"),
  /** flannel has not written subnet.env for its CNI plugin. */
  SUBNET_ENV_MISSING(
      "SubnetEnvMissing",
      Scope.NODE,
      Effect.NONE,
      "lacks /run/flannel/subnet.env: no pod can start on it",
      "restart the node's flannel pod: it writes the file once, at its start"),
  /** What flannel wrote for its CNI plugin does not fit the network as it is now. */
  SUBNET_ENV_WRONG(
      "SubnetEnvWrong",
      Scope.NODE,
      Effect.NONE,
      "has another range or MTU in /run/flannel/subnet.env than it should give to its pods",
      "restart the node's flannel pod: it writes the file once, at its start; then its pods,"
          + " which keep what they have"),
  /** The pods' bridge is in another subnet. */
  BRIDGE_ADDRESS_WRONG(
      "BridgeAddressWrong",
      Scope.NODE,
      Effect.NONE,
      "has a bridge cni0 with an address of another subnet: no pod can start on it, and those that"
          + " run have lost their gateway",
      "drain the node, ip link delete cni0 on it, uncordon it: the first pod makes the bridge"
          + " again"),
  /** The pods on the bridge have a larger MTU than the overlay carries. */
  BRIDGE_MTU_WRONG(
      "BridgeMTUWrong",
      Scope.NODE,
      Effect.ADVICE,
      "has pods with a larger MTU than the overlay carries",
      "restart the node's pods: each keeps the MTU of its start"),
  /** flannel's CNI configuration is missing. */
  CNI_CONFIG_MISSING(
      "CNIConfigMissing",
      Scope.NODE,
      Effect.NONE,
      "lacks flannel's CNI configuration: no pod can start on it",
      "restart the node's flannel pod: its init container install-cni writes the file"),
  /** The kernel forwards nothing. */
  IP_FORWARDING_OFF(
      "IPForwardingOff",
      Scope.NODE,
      Effect.NONE,
      "forwards no packets, so that its pods reach nothing outside it",
      "sysctl -w net.ipv4.ip_forward=1 (IPv6: net.ipv6.conf.all.forwarding=1) on the node, and find"
          + " what sets it to 0 in /etc/sysctl.d"),
  /** The kernel drops packets whose replies would leave by another device. */
  REVERSE_PATH_FILTER_STRICT(
      "ReversePathFilterStrict",
      Scope.NODE,
      Effect.HINT,
      "drops packets by its strict reverse path filter: packets arrive through another device than"
          + " the answers would leave by",
      "sysctl -w net.ipv4.conf.all.rp_filter=2 on the node; the strictest of all and the device's"
          + " own setting counts"),
  /** The kernel drops UDP packets with wrong checksums. */
  UDP_CHECKSUM_ERRORS(
      "UDPChecksumErrors",
      Scope.NODE,
      Effect.HINT,
      "drops UDP packets with wrong checksums: typical of a NIC or hypervisor that fails at"
          + " checksums of encapsulated packets",
      "ethtool -K <device> tx-checksum-ip-generic off on the nodes that send to it; if that cures"
          + " it, update the driver or hypervisor"),
  /** The agent could not run its checks. */
  CHECKS_FAILED(
      "ChecksFailed",
      Scope.NODE,
      Effect.NONE,
      "cannot be checked: its agent could not read what the kernel has",
      "look at the agent's pod on the node: kubectl get pods -A -o wide -l app=flannel-node-agent, then logs;"
          + " the finding says which tool or file it was");

  /** What a fault is about. */
  public enum Scope {
    /** The node itself. */
    NODE,
    /** The path to or from one peer, which the finding names. */
    PEER
  }

  /** What a fault does to probes. */
  public enum Effect {
    /** Probes of any size are lost. */
    CUTS,
    /** Full-size probes are lost; small ones pass. */
    CUTS_FULL_SIZE,
    /** Probes pass, but pods suffer, or will. */
    NONE,
    /** Probes and pods' packets pass: it is a problem in the status, but the tunnel is healthy. */
    ADVICE,
    /** A possible cause of lost probes; no fault while they pass. */
    HINT
  }

  private static final Map<String, NodeFault> BY_REASON =
      Arrays.stream(values())
          .collect(Collectors.toUnmodifiableMap(NodeFault::reason, Function.identity()));

  private final String reason;
  private final Scope scope;
  private final Effect effect;
  private final String message;
  private final String remedy;

  NodeFault(String reason, Scope scope, Effect effect, String message, String remedy) {
    this.reason = reason;
    this.scope = scope;
    this.effect = effect;
    this.message = message;
    this.remedy = remedy;
  }

  /** Returns the fault with this reason; empty if no agent of this version reports it. */
  public static Optional<NodeFault> ofReason(String reason) {
    return Optional.ofNullable(BY_REASON.get(reason));
  }

  @Override
  public String reason() {
    return reason;
  }

  public Scope scope() {
    return scope;
  }

  public Effect effect() {
    return effect;
  }

  /**
   * Whether it alone explains that small probes of the peer (scope PEER) or of all peers (scope
   * NODE) are lost.
   */
  public boolean explainsLostProbes() {
    return effect == Effect.CUTS || effect == Effect.HINT;
  }

  /** As {@link #explainsLostProbes()}, for full-size probes. */
  public boolean explainsLostFullSizeProbes() {
    return explainsLostProbes() || effect == Effect.CUTS_FULL_SIZE;
  }

  @Override
  public String message() {
    return message;
  }

  @Override
  public String remedy() {
    return remedy;
  }
}

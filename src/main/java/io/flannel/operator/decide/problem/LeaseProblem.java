package io.flannel.operator.decide.problem;

/**
 * Every way in which a node can lack a valid lease. The names appear in {@code
 * status.nodes[].reason} and {@code status.problems[].reason}; docs/troubleshooting.md has a
 * section for each.
 */
public enum LeaseProblem implements ProblemReason {
  /** The Node has no podCIDR of a family that the network carries. */
  NO_POD_CIDR(
      "NoPodCIDR",
      "lacks a podCIDR of a family that the network carries: without any, flannel exits there with"
          + " \"pod cidr not assigned\"; without one of two, its peers ignore the node",
      "start the controller-manager with --allocate-node-cidrs and a --cluster-cidr that has room"
          + " left (one range a family), or set the Node's spec.podCIDRs"),
  /** The Node's podCIDR is not in the network's range. */
  POD_CIDR_OUTSIDE(
      "PodCIDROutside",
      "has a podCIDR outside the network's cidr: flannel exits there, though the node still looks"
          + " leased to its peers",
      "make the controller-manager's --cluster-cidr and the FlannelNetwork's cidr the same; then"
          + " delete the Node, so that it registers with a new podCIDR"),
  /** Two Nodes have the same podCIDR, or overlapping ones. */
  DUPLICATE_POD_CIDR(
      "DuplicatePodCIDR",
      "has a podCIDR that another node has, too: packets for the one's pods reach the other",
      "delete the younger of the two Nodes, so that it registers with a new podCIDR"),
  /** One of the node's own addresses is in the network's range. */
  ADDRESS_IN_NETWORK(
      "AddressInNetwork",
      "has an address of its own inside the network's cidr: packets to it are sent into the overlay"
          + " that needs that address to work",
      "give the node an address outside the cidr"),
  /** flanneld has not registered the node. */
  NOT_REGISTERED(
      "NotRegistered",
      "has not been registered by flannel yet: its flannel pod is missing, starting or failing",
      "look at the node's pod: kubectl -n kube-flannel get pods -o wide, then logs and describe"),
  /** The node's annotations name another backend than the network's. */
  OTHER_BACKEND(
      "OtherBackend",
      "still publishes another backend's lease, which its peers ignore",
      "wait for the rollout to reach the node; if it does not, look at the node's flannel pod:"
          + " kubectl -n kube-flannel get pods -o wide"),
  /** flannel published no usable address. */
  NO_PUBLIC_IP(
      "NoPublicIP",
      "publishes no valid public IP, so that peers cannot send to it",
      "look at the Node's annotations flannel.alpha.coreos.com/public-ip and public-ip-overwrite,"
          + " and at the FlannelNetwork's interface"),
  /** Two nodes published the same address. */
  DUPLICATE_PUBLIC_IP(
      "DuplicatePublicIP",
      "publishes the same public IP as another node: packets for the one reach the other",
      "look for an address that two machines share, for flannel on the wrong interface (set"
          + " interface), and for copied public-ip-overwrite annotations");

  /** Whether every node has this for a while during a rollout, so that it is no fault by itself. */
  public boolean normalInRollout() {
    return this == NOT_REGISTERED || this == OTHER_BACKEND;
  }

  private final String reason;
  private final String message;
  private final String remedy;

  LeaseProblem(String reason, String message, String remedy) {
    this.reason = reason;
    this.message = message;
    this.remedy = remedy;
  }

  @Override
  public String reason() {
    return reason;
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

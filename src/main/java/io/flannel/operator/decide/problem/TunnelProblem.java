package io.flannel.operator.decide.problem;

import io.flannel.operator.flannel.Backend;

/**
 * What the probes and reports of all nodes together can show if no finding on a node explains it.
 * The names appear in {@code status.nodes[].reason} and {@code status.problems[].reason};
 * docs/troubleshooting.md has a section for each.
 */
public enum TunnelProblem implements ProblemReason {
  /** Neither the node's agent nor the node itself answers. */
  NODE_UNREACHABLE(
      "NodeUnreachable",
      "exchanges no packets with its peers, neither through its tunnel nor at its node address",
      "no packet passes, neither through the tunnel nor at the node addresses",
      "look whether the machine runs, at its network interface, and at firewalls between it and its"
          + " peers"),
  /** The public IP that flannel chose is none of the Node's addresses. */
  PUBLIC_IP_WRONG(
      "PublicIPWrong",
      "publishes a public IP that is none of its InternalIPs, and exchanges no packets with its"
          + " peers: flannel is on the wrong interface",
      "no packet passes; one of the two publishes a public IP that is none of its InternalIPs",
      "set the FlannelNetwork's interface to the one that the nodes reach each other by, or remove"
          + " the Node's annotation flannel.alpha.coreos.com/public-ip-overwrite; then restart the"
          + " node's flannel pod"),
  /** The node address answers, but nothing that is encapsulated passes. */
  ENCAPSULATION_BLOCKED(
      "EncapsulationBlocked",
      "exchanges no packets with its peers through its tunnel, though node addresses answer and"
          + " nothing is wrong on the nodes",
      "no packet passes through the tunnel, though the node addresses answer and nothing is wrong"
          + " on the nodes",
      "let pass between all nodes what the backend sends: vxlan UDP port 8472, ipip IP protocol 4,"
          + " wireguard UDP port 51820; look at firewalls on the nodes and at the cloud's security"
          + " groups"),
  /** Small packets pass, large ones do not. */
  MTU_BLACK_HOLE(
      "MTUBlackHole",
      "loses packets of full size in its tunnels; small ones pass",
      "packets of full size are lost in the tunnel; small ones pass",
      "the path between the nodes carries less than the MTU that flannel took from the NIC: set the"
          + " FlannelNetwork's mtu to what the path carries less the backend's overhead, or mend"
          + " the path; then restart the pods, which keep the MTU of their start"),
  /** Some packets are lost. */
  PACKET_LOSS(
      "PacketLoss",
      "loses a part of the packets in its tunnels",
      "a part of the packets is lost in the tunnel",
      "look at the NICs' error and drop counters (ip -s link), at the nodes' load, and at the"
          + " network between them"),
  /** The node runs, but its agent neither reports nor answers. */
  AGENT_SILENT(
      "AgentSilent",
      "has a node agent that exchanges nothing with its peers' agents or has stopped to report,"
          + " though the node runs: its tunnels cannot be measured",
      "the agents hear nothing of each other",
      "look at the agent's pod on the node: kubectl get pods -A -o wide -l app=flannel-node-agent; and let the"
          + " UDP port of the FlannelNetwork's health.port (8473) pass between all nodes"),
  /** The node's report has impossible values. */
  REPORT_INVALID(
      "ReportInvalid",
      "has a node agent whose report cannot be true, so that nothing in it counts",
      "",
      "look at the node's FlannelNode (kubectl get fnode <node> -o yaml) and at its agent's log;"
          + " delete the agent's pod, so that it reports again with the operator's version"),
  /** The node's agent has not reported yet. */
  NOT_REPORTED(
      "NotReported",
      "has a node agent that has not reported yet",
      "",
      "look at the agent's pod on the node: kubectl get pods -A -o wide -l app=flannel-node-agent, then logs and"
          + " describe");

  private final String reason;
  private final String message;
  private final String between;
  private final String remedy;

  TunnelProblem(String reason, String message, String between, String remedy) {
    this.reason = reason;
    this.message = message;
    this.between = between;
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

  /**
   * What is wrong between two nodes, as a sentence; empty if the problem concerns only one node.
   */
  public String between() {
    return between;
  }

  @Override
  public String remedy() {
    return remedy;
  }

  /** The remedy if the backend is known, and so what the nodes send each other. */
  public String remedy(Backend backend) {
    if (this != ENCAPSULATION_BLOCKED) {
      return remedy;
    }
    return backend
        .firewallHole()
        .map(TunnelProblem::letPass)
        .orElse(
            "let pass between all nodes packets from and to the pods' addresses: look at firewalls on"
                + " the nodes, and at what the cloud or the switches do with addresses that they do"
                + " not know (source/destination check, port security)");
  }

  private static String letPass(String what) {
    return "let "
        + what
        + " pass between all nodes, both ways: look at firewalls on the nodes and at the cloud's"
        + " security groups";
  }
}

package io.flannel.operator.agent.checks;

import io.flannel.operator.decide.problem.NodeFault;
import java.util.List;

/** Faults of a node's files, bridge and forwarding. */
final class HostMutations {
  private HostMutations() {}

  static List<Mutation> all() {
    return List.of(
        new Mutation(
            "subnet.env gone",
            NodeFault.SUBNET_ENV_MISSING,
            _ -> true,
            node -> node.subnetEnvThere = false),
        new Mutation(
            "subnet.env of another podCIDR",
            NodeFault.SUBNET_ENV_WRONG,
            _ -> true,
            node -> node.subnetEnv.put("FLANNEL_SUBNET", "10.244.9.1/24")),
        new Mutation(
            "subnet.env of another network",
            NodeFault.SUBNET_ENV_WRONG,
            _ -> true,
            node -> node.subnetEnv.put("FLANNEL_NETWORK", "10.0.0.0/8")),
        new Mutation(
            "subnet.env of another MTU",
            NodeFault.SUBNET_ENV_WRONG,
            _ -> true,
            node -> node.subnetEnv.put("FLANNEL_MTU", "1281")),
        new Mutation(
            "subnet.env cut off", NodeFault.SUBNET_ENV_WRONG, _ -> true, n -> n.subnetEnv.clear()),
        new Mutation(
            "subnet.env without IPv6",
            NodeFault.SUBNET_ENV_WRONG,
            node -> node.shape.ipv6(),
            node -> node.subnetEnv.remove("FLANNEL_IPV6_SUBNET")),
        new Mutation(
            "bridge in another subnet",
            NodeFault.BRIDGE_ADDRESS_WRONG,
            node -> node.shape.bridge(),
            node ->
                node.replace(Links.addressed(node.link("cni0"), node.podMtu(), "10.244.99.1/24"))),
        new Mutation(
            "pods with too large an MTU",
            NodeFault.BRIDGE_MTU_WRONG,
            node -> node.shape.bridge(),
            node -> node.podMtus.add(node.podMtu() + 10)),
        new Mutation(
            "CNI configuration gone",
            NodeFault.CNI_CONFIG_MISSING,
            _ -> true,
            node -> node.cniConfigThere = false),
        new Mutation(
            "ip_forward off",
            NodeFault.IP_FORWARDING_OFF,
            node -> node.shape.bridge(),
            node -> node.ipForward = 0),
        new Mutation(
            "IPv6 forwarding off",
            NodeFault.IP_FORWARDING_OFF,
            node -> node.shape.bridge() && node.shape.ipv6(),
            node -> node.ipv6Forwarding = 0));
  }
}

package io.flannel.operator.agent.checks;

import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.flannel.Cidr;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Checks whether pods can use the overlay: subnet.env, CNI configuration, bridge and forwarding.
 */
final class PodChecks {
  /** The bridge to which flannel's CNI plugin attaches pods. */
  static final String BRIDGE = "cni0";

  private PodChecks() {}

  static List<Finding> of(Expected expected, KernelState state) {
    var sightings = new ArrayList<Finding>();
    subnetEnv(expected, state).ifPresent(sightings::add);
    if (state.cniConfig() instanceof ReadResult.Absent<String>) {
      sightings.add(
          Finding.ofNode(
              NodeFault.CNI_CONFIG_MISSING,
              "there is no 10-flannel.conflist in the node's CNI directory; there should be one"));
    }
    state
        .link(BRIDGE)
        .ifPresent(
            bridge -> {
              expected
                  .pods()
                  .forEach(range -> bridgeAddress(range, bridge).ifPresent(sightings::add));
              podMtus(expected, state).ifPresent(sightings::add);
              forwarding(expected, state).ifPresent(sightings::add);
            });
    return sightings;
  }

  private static Optional<Finding> subnetEnv(Expected expected, KernelState state) {
    return switch (state.subnetEnv()) {
      case ReadResult.Failed<SubnetEnv> _ -> Optional.empty();
      case ReadResult.Absent<SubnetEnv>() ->
          Optional.of(
              Finding.ofNode(
                  NodeFault.SUBNET_ENV_MISSING,
                  "there is no /run/flannel/subnet.env; there should be one"));
      case ReadResult.Read<SubnetEnv>(SubnetEnv env) -> {
        var wrong = new ArrayList<String>();
        for (Expected.PodRanges range : expected.pods()) {
          String prefix = range.node().family() == Cidr.Family.IPV4 ? "FLANNEL_" : "FLANNEL_IPV6_";
          differs(env, prefix + "NETWORK", range.network()).ifPresent(wrong::add);
          differs(env, prefix + "SUBNET", range.node()).ifPresent(wrong::add);
        }
        OptionalInt mtu = expected.flannelMtu(state);
        if (mtu.isPresent()) {
          String found = env.get("FLANNEL_MTU").orElse("not set");
          if (!found.equals(String.valueOf(mtu.getAsInt()))) {
            wrong.add(
                "FLANNEL_MTU is %s; it should be %d: %s"
                    .formatted(found, mtu.getAsInt(), expected.mtuReason(state)));
          }
        }
        yield wrong.isEmpty()
            ? Optional.empty()
            : Optional.of(
                Finding.ofNode(
                    NodeFault.SUBNET_ENV_WRONG,
                    "in /run/flannel/subnet.env " + String.join(". ", wrong)));
      }
    };
  }

  /** FLANNEL_SUBNET holds the range's first usable address, such as 10.244.1.1/24. */
  private static Optional<String> differs(SubnetEnv env, String name, Cidr wanted) {
    String found = env.get(name).orElse("not set");
    return Cidr.tryParse(found).equals(Optional.of(wanted))
        ? Optional.empty()
        : Optional.of(
            "%s is %s; it should be %s%s"
                .formatted(name, found, name.endsWith("SUBNET") ? "in " : "", wanted));
  }

  /** A bridge without an address has just been created: the plugin sets the address last. */
  private static Optional<Finding> bridgeAddress(Expected.PodRanges range, Link bridge) {
    List<Link.InterfaceAddress> found = bridge.addresses(range.node().family());
    if (found.isEmpty() || found.stream().anyMatch(own -> range.node().contains(own.address()))) {
      return Optional.empty();
    }
    return Optional.of(
        Finding.ofNode(
            NodeFault.BRIDGE_ADDRESS_WRONG,
            "%s has address %s; it should have one in %s"
                .formatted(bridge.name(), found.getFirst(), range.node())));
  }

  /**
   * The CNI plugin gives both ends of a pod's link the same MTU, so the node's end shows it. Pods
   * with a smaller MTU than possible lose no packets: they keep it until they restart.
   */
  private static Optional<Finding> podMtus(Expected expected, KernelState state) {
    OptionalInt wanted = expected.podMtu(state);
    List<Integer> pods = state.podMtus().value().orElse(List.of());
    if (wanted.isEmpty()) {
      return Optional.empty();
    }
    List<Integer> larger = pods.stream().filter(mtu -> mtu > wanted.getAsInt()).toList();
    return larger.isEmpty()
        ? Optional.empty()
        : Optional.of(
            Finding.ofNode(
                NodeFault.BRIDGE_MTU_WRONG,
                "%d of %d pods on %s %s an MTU of up to %d; it should be at most %d"
                    .formatted(
                        larger.size(),
                        pods.size(),
                        BRIDGE,
                        larger.size() == 1 ? "has" : "have",
                        Collections.max(larger),
                        wanted.getAsInt())));
  }

  /**
   * The CNI plugin turns forwarding on when it creates the bridge; without a bridge nothing is
   * forwarded.
   */
  private static Optional<Finding> forwarding(Expected expected, KernelState state) {
    var off = new ArrayList<String>();
    for (Expected.PodRanges range : expected.pods()) {
      boolean ipv4 = range.node().family() == Cidr.Family.IPV4;
      ReadResult<Integer> value =
          ipv4 ? state.sysctls().ipForward() : state.sysctls().ipv6Forwarding();
      if (value.value().equals(Optional.of(0))) {
        off.add(ipv4 ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding");
      }
    }
    return off.isEmpty()
        ? Optional.empty()
        : Optional.of(
            Finding.ofNode(
                NodeFault.IP_FORWARDING_OFF,
                String.join(" and ", off)
                    + (off.size() == 1 ? " is 0; it should be 1" : " are 0; they should be 1")));
  }
}

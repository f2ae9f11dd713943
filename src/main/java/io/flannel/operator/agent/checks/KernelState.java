package io.flannel.operator.agent.checks;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a node has at one moment, in its kernel and in flannel's files.
 *
 * @param links the devices that are no port of another: pods' are not among them
 * @param routes the IPv4 routes of the main table
 * @param ipv6Routes the IPv6 ones; absent where nothing is to be known of them
 * @param neighbours the permanent ones
 * @param forwarding the vxlan device's table; absent where there is no such device
 * @param subnetEnv flannel's word to the CNI plugin
 * @param cniConfig flannel's CNI configuration, by its path
 * @param podMtus the MTU of each pod on the bridge; absent where there is no bridge
 */
record KernelState(
    ReadResult<List<Link>> links,
    ReadResult<RoutingTable> routes,
    ReadResult<RoutingTable> ipv6Routes,
    ReadResult<List<Neighbour>> neighbours,
    ReadResult<List<ForwardingEntry>> forwarding,
    ReadResult<SubnetEnv> subnetEnv,
    ReadResult<String> cniConfig,
    ReadResult<List<Integer>> podMtus,
    Sysctls sysctls,
    Counters counters) {

  /**
   * Settings below /proc/sys/net; those that the kernel does not have are absent.
   *
   * @param ipForward {@code ipv4/ip_forward}
   * @param ipv6Forwarding {@code ipv6/conf/all/forwarding}
   * @param rpFilter {@code ipv4/conf/<device>/rp_filter} by device, {@code all} among them: 0 off,
   *     1 strict, 2 loose; those that could be read
   */
  record Sysctls(
      ReadResult<Integer> ipForward,
      ReadResult<Integer> ipv6Forwarding,
      Map<String, Integer> rpFilter) {}

  /**
   * Packets that the kernel dropped since it started.
   *
   * @param udpChecksumErrors Udp InCsumErrors of /proc/net/snmp: UDP, wrong checksum
   * @param reversePathDrops TcpExt IPReversePathFilter of /proc/net/netstat: rp_filter
   */
  record Counters(ReadResult<Long> udpChecksumErrors, ReadResult<Long> reversePathDrops) {}

  /** The device of that name. */
  Optional<Link> link(String name) {
    return links.value().stream()
        .flatMap(List::stream)
        .filter(link -> link.name().equals(name))
        .findFirst();
  }

  /** The routes of both families, as far as they are known. */
  List<Route> allRoutes() {
    return Stream.of(routes, ipv6Routes)
        .flatMap(table -> table.value().stream())
        .flatMap(table -> table.all().stream())
        .toList();
  }

  /** Why what could not be read could not, each reason once. */
  List<String> failures() {
    var whys = new ArrayList<String>();
    Stream.of(
            links,
            routes,
            ipv6Routes,
            neighbours,
            forwarding,
            subnetEnv,
            cniConfig,
            podMtus,
            sysctls.ipForward(),
            sysctls.ipv6Forwarding(),
            counters.udpChecksumErrors(),
            counters.reversePathDrops())
        .forEach(
            reading -> {
              if (reading instanceof ReadResult.Failed<?>(String why) && !whys.contains(why)) {
                whys.add(why);
              }
            });
    return whys;
  }
}

package io.flannel.operator.agent.checks;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A node's state at one moment, in its kernel and in flannel's files.
 *
 * @param links the devices that are not a port of another one; this leaves out pods' devices
 * @param routes the IPv4 routes of the main table
 * @param ipv6Routes the IPv6 routes of the main table; absent if they are not needed
 * @param neighbours the permanent neighbours
 * @param forwarding the vxlan device's forwarding entries; absent if there is no such device
 * @param subnetEnv flannel's settings for the CNI plugin
 * @param cniConfig the path of flannel's CNI configuration
 * @param podMtus the MTU of each pod on the bridge; absent if there is no bridge
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
   * @param rpFilter {@code ipv4/conf/<device>/rp_filter} by device, including {@code all}: 0 off, 1
   *     strict, 2 loose. Those that could not be read are left out
   */
  record Sysctls(
      ReadResult<Integer> ipForward,
      ReadResult<Integer> ipv6Forwarding,
      Map<String, Integer> rpFilter) {}

  /**
   * Packets that the kernel dropped since it started.
   *
   * @param udpChecksumErrors Udp InCsumErrors in /proc/net/snmp: UDP packets with a wrong checksum
   * @param reversePathDrops TcpExt IPReversePathFilter in /proc/net/netstat: packets that rp_filter
   *     dropped
   */
  record Counters(ReadResult<Long> udpChecksumErrors, ReadResult<Long> reversePathDrops) {}

  /** The device with this name. */
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

  /** The reasons why something could not be read, each once. */
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

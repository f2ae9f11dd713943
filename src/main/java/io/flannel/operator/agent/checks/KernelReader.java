package io.flannel.operator.agent.checks;

import io.flannel.operator.flannel.Cidr;
import java.util.List;
import java.util.stream.Stream;

/** Reads a node's state, as far as the checks need it. */
record KernelReader(Iproute2 iproute2, HostFiles files) {

  /** Polls the node once. */
  KernelState read(Expected expected) {
    Iproute2.Answers answers = iproute2.answers();
    return new KernelState(
        answers.links(),
        answers.routes(),
        ipv6RoutesMatter(expected) ? iproute2.ipv6Routes() : ReadResult.absent(),
        answers.neighbours(),
        answers.links().flatMap(links -> forwarding(expected, links)),
        files.subnetEnv(),
        files.cniConfig(),
        files.portMtus(PodChecks.BRIDGE),
        files.sysctls(devices(expected, answers)),
        files.counters());
  }

  /**
   * The peers' IPv6 podCIDRs are unknown, but wireguard's single route and left-overs need none.
   */
  private static boolean ipv6RoutesMatter(Expected expected) {
    return expected.pods().stream().anyMatch(range -> range.node().family() == Cidr.Family.IPV6);
  }

  /** Skipped if the device is missing: bridge would fail, and the device is reported already. */
  private ReadResult<List<ForwardingEntry>> forwarding(Expected expected, List<Link> links) {
    return expected
        .ipv4Tunnel()
        .filter(_ -> expected.backend().carriesEthernet())
        .filter(tunnel -> links.stream().anyMatch(link -> link.name().equals(tunnel.name())))
        .map(tunnel -> iproute2.forwarding(tunnel.name()))
        .orElseGet(ReadResult::absent);
  }

  private static List<String> devices(Expected expected, Iproute2.Answers answers) {
    Stream<String> tunnels = expected.tunnels().stream().map(Expected.Tunnel::name);
    Stream<String> nics =
        answers.links().value().stream()
            .flatMap(List::stream)
            .filter(link -> link.has(expected.publicIp()))
            .map(Link::name);
    return Stream.of(Stream.of("all"), tunnels, nics).flatMap(s -> s).toList();
  }
}

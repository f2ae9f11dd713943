package io.flannel.operator.agent.checks;

import io.flannel.operator.flannel.Cidr;
import java.util.List;
import java.util.stream.Stream;

/** Reads what a node has, as far as it matters to what it should have. */
record KernelReader(Iproute2 iproute2, HostFiles files) {

  /** One look. */
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

  /** Of IPv6 the peers' podCIDRs are not known: wireguard's one route and left-overs need none. */
  private static boolean ipv6RoutesMatter(Expected expected) {
    return expected.pods().stream().anyMatch(range -> range.node().family() == Cidr.Family.IPV6);
  }

  /** bridge fails where there is no device, which is told already. */
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

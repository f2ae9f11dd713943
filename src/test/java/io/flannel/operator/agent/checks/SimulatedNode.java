package io.flannel.operator.agent.checks;

import static io.flannel.operator.api.FlannelNodeSpecBuilder.nodeSpec;

import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.flannel.Cidr;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * A node, 192.168.0.81 with pods in 10.244.1.0/24, on which flannel has done all that the spec asks
 * for. It follows flannel's source, not the checks. Tests break it.
 */
final class SimulatedNode {
  final Shape shape;
  final List<Link> links = new ArrayList<>();
  final List<Route> routes = new ArrayList<>();
  final List<Route> ipv6Routes = new ArrayList<>();
  final List<Neighbour> neighbours = new ArrayList<>();
  final List<ForwardingEntry> forwarding = new ArrayList<>();
  final Map<String, String> subnetEnv = new HashMap<>();
  final List<Integer> podMtus = new ArrayList<>();
  final Map<String, Integer> rpFilter = new HashMap<>();
  boolean subnetEnvThere = true;
  boolean cniConfigThere = true;
  int ipForward = 1;
  int ipv6Forwarding = 1;
  long udpChecksumErrors = 7;
  long reversePathDrops = 3;

  /**
   * What the node's spec says, and what differs from node to node.
   *
   * @param mtu the network's MTU in bytes; empty if it follows from the NIC
   * @param nicMtu the NIC's MTU in bytes
   * @param peers for each peer, whether it is on the node's own link
   * @param bridge whether the bridge exists, because pods run
   */
  record Shape(
      BackendType backend,
      boolean directRouting,
      boolean ipv6,
      Optional<Integer> mtu,
      int nicMtu,
      List<Boolean> peers,
      boolean allPeers,
      boolean bridge) {

    boolean is(BackendType type) {
      return backend == type;
    }

    /** Whether packets to the peer go without encapsulation. */
    boolean direct(int peer) {
      return is(BackendType.HOST_GW)
          || (directRouting && !is(BackendType.WIREGUARD) && peers.get(peer));
    }
  }

  static SimulatedNode of(BackendType backend) {
    return new SimulatedNode(
        new Shape(backend, false, false, Optional.empty(), 1500, List.of(true, true), true, true));
  }

  SimulatedNode(Shape shape) {
    this.shape = shape;
    links.add(
        new Link(
            links.size() + 1,
            "eth0",
            Optional.empty(),
            true,
            true,
            shape.nicMtu(),
            addresses("192.168.0.81/24", "fe80::1/64"),
            Link.Tunnel.NONE,
            OptionalLong.empty()));
    route("0.0.0.0/0", "192.168.0.1", "eth0");
    route("192.168.0.0/24", null, "eth0");
    device().ifPresent(name -> links.add(tunnel(name, "10.244.1.0/32")));
    if (shape.ipv6() && !shape.is(BackendType.HOST_GW)) {
      Link made = tunnel(ipv6Device(), "fd00:10:244:1::/128");
      links.add(Links.with(made, made.kind(), ipv6DeviceMtu(), made.tunnel()));
    }
    if (shape.bridge()) {
      links.add(
          new Link(
              links.size() + 1,
              "cni0",
              Optional.of("bridge"),
              true,
              true,
              podMtu(),
              shape.ipv6()
                  ? addresses("10.244.1.1/24", "fd00:10:244:1::1/64")
                  : addresses("10.244.1.1/24"),
              Link.Tunnel.NONE,
              OptionalLong.empty()));
      route("10.244.1.0/24", null, "cni0");
      podMtus.addAll(List.of(podMtu(), podMtu() - 10));
    }
    for (int i = 0; i < shape.peers().size(); i++) {
      peer(i);
    }
    if (shape.is(BackendType.WIREGUARD) && !shape.peers().isEmpty()) {
      route("10.244.0.0/16", null, "flannel-wg");
      ipv6Routes.add(newRoute("fd00:10:244::/56", null, "flannel-wg-v6", 1024));
    }
    subnetEnv.put("FLANNEL_NETWORK", "10.244.0.0/16");
    subnetEnv.put("FLANNEL_SUBNET", "10.244.1.1/24");
    if (shape.ipv6()) {
      subnetEnv.put("FLANNEL_IPV6_NETWORK", "fd00:10:244::/56");
      subnetEnv.put("FLANNEL_IPV6_SUBNET", "fd00:10:244:1::1/64");
    }
    subnetEnv.put("FLANNEL_MTU", String.valueOf(flannelMtu()));
    subnetEnv.put("FLANNEL_IPMASQ", "true");
  }

  private void peer(int i) {
    String name = device().orElse("eth0");
    String base = "10.244.%d.0".formatted(i + 2);
    switch (shape.backend()) {
      case WIREGUARD -> {}
      case HOST_GW -> route(base + "/24", peerAddress(i), "eth0");
      case IPIP -> route(base + "/24", peerAddress(i), shape.direct(i) ? "eth0" : name);
      case VXLAN -> {
        if (shape.direct(i)) {
          route(base + "/24", peerAddress(i), "eth0");
        } else {
          route(base + "/24", base, name);
          neighbours.add(new Neighbour(Cidr.ofAddress(base), name, mac(i)));
          forwarding.add(new ForwardingEntry(mac(i), Cidr.ofAddress(peerAddress(i))));
        }
      }
    }
  }

  Optional<String> device() {
    return switch (shape.backend()) {
      case VXLAN -> Optional.of("flannel.1");
      case IPIP -> Optional.of("flannel.ipip");
      case WIREGUARD -> Optional.of("flannel-wg");
      case HOST_GW -> Optional.empty();
    };
  }

  private String ipv6Device() {
    return shape.is(BackendType.VXLAN) ? "flannel-v6.1" : "flannel-wg-v6";
  }

  int flannelMtu() {
    return switch (shape.backend()) {
      case VXLAN -> shape.mtu().orElse(shape.nicMtu() - 50);
      case WIREGUARD -> shape.mtu().orElse(shape.nicMtu() - 80);
      case IPIP -> shape.nicMtu() - 20;
      case HOST_GW -> shape.nicMtu();
    };
  }

  /** The kernel leaves 70 bytes for VXLAN over IPv6, though flanneld asks for 50. */
  private int ipv6DeviceMtu() {
    return shape.is(BackendType.VXLAN) ? Math.min(flannelMtu(), shape.nicMtu() - 70) : flannelMtu();
  }

  int podMtu() {
    return shape.mtu().orElse(flannelMtu());
  }

  String peerAddress(int i) {
    return (shape.peers().get(i) ? "192.168.0." : "192.168.7.") + (100 + i);
  }

  static String mac(int i) {
    return "12:c6:65:89:b4:%02x".formatted(i);
  }

  private Link tunnel(String name, String address) {
    boolean vxlan = shape.is(BackendType.VXLAN);
    boolean ipv4 = !name.contains("v6");
    return new Link(
        links.size() + 1,
        name,
        Optional.of(shape.backend().wireName()),
        true,
        true,
        flannelMtu(),
        addresses(address),
        new Link.Tunnel(
            shape.is(BackendType.WIREGUARD) || !ipv4
                ? Optional.empty()
                : Optional.of(Cidr.ofAddress("192.168.0.81")),
            Optional.empty(),
            vxlan ? Optional.of("eth0") : Optional.empty(),
            vxlan ? OptionalInt.of(1) : OptionalInt.empty(),
            vxlan ? OptionalInt.of(8472) : OptionalInt.empty(),
            false),
        OptionalLong.of(1000));
  }

  /** A device of which only name and kind matter. */
  static Link device(String name, String kind) {
    return new Link(
        100 + name.hashCode() % 50,
        name,
        Optional.of(kind),
        true,
        true,
        1400,
        List.of(),
        Link.Tunnel.NONE,
        OptionalLong.empty());
  }

  static List<Link.InterfaceAddress> addresses(String... texts) {
    return List.of(texts).stream()
        .map(
            text -> {
              String[] parts = text.split("/", 2);
              return new Link.InterfaceAddress(
                  Cidr.ofAddress(parts[0]), Integer.parseInt(parts[1]));
            })
        .toList();
  }

  void route(String destination, String gateway, String device) {
    routes.add(newRoute(destination, gateway, device, 0));
  }

  static Route newRoute(String destination, String gateway, String device, long metric) {
    return new Route(
        Cidr.parse(destination),
        Route.UNICAST,
        List.of(
            new Route.Hop(Optional.ofNullable(gateway).map(Cidr::ofAddress), Optional.of(device))),
        metric,
        Optional.of("boot"),
        false);
  }

  void removeRoute(String destination) {
    routes.removeIf(route -> route.destination().equals(Cidr.parse(destination)));
  }

  Link link(String name) {
    return links.stream().filter(link -> link.name().equals(name)).findFirst().orElseThrow();
  }

  void replace(Link link) {
    links.replaceAll(old -> old.name().equals(link.name()) ? link : old);
  }

  FlannelNodeSpec spec() {
    List<FlannelNodeSpec.Peer> peers = new ArrayList<>();
    for (int i = 0; i < shape.peers().size(); i++) {
      peers.add(
          new FlannelNodeSpec.Peer(
              "n" + (i + 2),
              peerAddress(i),
              "10.244.%d.0".formatted(i + 2),
              "10.244.%d.0/24".formatted(i + 2),
              shape.is(BackendType.VXLAN) ? mac(i) : null,
              null));
    }
    return nodeSpec(shape.backend())
        .device(device().orElse(null))
        .directRouting(shape.directRouting())
        .vxlan(shape.is(BackendType.VXLAN) ? new FlannelNodeSpec.Vxlan(1, 8472) : null)
        .mtu(shape.mtu().orElse(null))
        .cidr("10.244.0.0/16")
        .ipv6Cidr(shape.ipv6() ? "fd00:10:244::/56" : null)
        .subnet("10.244.1.0/24")
        .ipv6Subnet(shape.ipv6() ? "fd00:10:244:1::/64" : null)
        .publicIp("192.168.0.81")
        .peers(peers)
        .allPeers(shape.allPeers())
        .get();
  }

  Expected expected() {
    return Expected.of(spec()).orElseThrow();
  }

  KernelState state() {
    return new KernelState(
        ReadResult.read(List.copyOf(links)),
        ReadResult.read(new RoutingTable(routes)),
        ReadResult.read(new RoutingTable(ipv6Routes)),
        ReadResult.read(List.copyOf(neighbours)),
        ReadResult.read(List.copyOf(forwarding)),
        subnetEnvThere
            ? ReadResult.read(new SubnetEnv(Map.copyOf(subnetEnv)))
            : ReadResult.absent(),
        cniConfigThere
            ? ReadResult.read("/etc/cni/net.d/10-flannel.conflist")
            : ReadResult.absent(),
        shape.bridge() ? ReadResult.read(List.copyOf(podMtus)) : ReadResult.absent(),
        new KernelState.Sysctls(
            ReadResult.read(ipForward), ReadResult.read(ipv6Forwarding), Map.copyOf(rpFilter)),
        new KernelState.Counters(
            ReadResult.read(udpChecksumErrors), ReadResult.read(reversePathDrops)));
  }

  List<Finding> sightings() {
    return LocalFindings.of(expected(), state());
  }
}

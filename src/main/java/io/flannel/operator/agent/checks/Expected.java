package io.flannel.operator.agent.checks;

import static java.util.stream.Collectors.toSet;

import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.flannel.Backend;
import io.flannel.operator.flannel.Cidr;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * What flannel should have set up on the node, according to its FlannelNodeSpec. There is nothing
 * to expect where flannel cannot have started: before the node has a podCIDR and a public IP.
 *
 * @param backend how packets travel
 * @param tunnels the tunnel devices, IPv4 first; none with host-gw
 * @param publicIp the address that peers send to
 * @param pods the pod ranges of the network and the node, IPv4 first
 * @param mtu what pods should get, in bytes, if the network sets it
 * @param peers those that have an IPv4 podCIDR
 * @param allPeers whether the spec lists all the network's other nodes
 */
record Expected(
    Backend backend,
    List<Tunnel> tunnels,
    Cidr publicIp,
    List<PodRanges> pods,
    OptionalInt mtu,
    List<Peer> peers,
    boolean allPeers) {

  /**
   * A tunnel device.
   *
   * @param kind the kernel's kind of device, such as vxlan
   * @param family of the packets that it carries
   * @param address its own address in the overlay
   * @param vni vxlan's network identifier, if known
   * @param port vxlan's UDP port, if known
   */
  record Tunnel(
      String name,
      String kind,
      Cidr.Family family,
      Cidr address,
      Optional<Integer> vni,
      Optional<Integer> port) {}

  /**
   * The pod ranges of one family.
   *
   * @param network the range of all pods
   * @param node the range of the node's own pods
   */
  record PodRanges(Cidr network, Cidr node) {}

  /**
   * A peer that the node should reach.
   *
   * @param address the address that packets for its pods are sent to
   * @param subnet its pods' range
   * @param vtepMac the MAC address of its vxlan device; empty if it does not run vxlan
   * @param otherBackend whether its backend differs from the node's
   */
  record Peer(
      String name, Cidr address, Cidr subnet, Optional<String> vtepMac, boolean otherBackend) {}

  /** Reads a spec; empty if flannel cannot have started on the node. */
  static Optional<Expected> of(FlannelNodeSpec spec) {
    List<PodRanges> pods = new ArrayList<>();
    ranges(spec.cidr(), spec.subnet()).ifPresent(pods::add);
    ranges(spec.ipv6CIDR(), spec.ipv6Subnet()).ifPresent(pods::add);
    Optional<Cidr> publicIp = address(spec.publicIP());
    if (pods.isEmpty() || publicIp.isEmpty()) {
      return Optional.empty();
    }
    Backend backend = Backend.of(spec);
    return Optional.of(
        new Expected(
            backend,
            pods.stream().flatMap(range -> tunnel(spec, backend, range.node()).stream()).toList(),
            publicIp.get(),
            List.copyOf(pods),
            spec.mtu() == null ? OptionalInt.empty() : OptionalInt.of(spec.mtu()),
            spec.peers() == null
                ? List.of()
                : spec.peers().stream().flatMap(peer -> peer(peer).stream()).toList(),
            Boolean.TRUE.equals(spec.allPeers())));
  }

  /** The same with other peers. */
  Expected withPeers(List<Peer> others) {
    return new Expected(backend, tunnels, publicIp, pods, mtu, others, allPeers);
  }

  /**
   * Returns what left-overs are judged by. The peers' IPv6 ranges are unknown, and in a network
   * with IPv6 alone the peers themselves are.
   */
  LeftOvers.Wanted wanted() {
    return new LeftOvers.Wanted(
        tunnels.stream().map(Tunnel::name).collect(toSet()),
        pods.stream().map(this::range).toList());
  }

  private LeftOvers.Range range(PodRanges range) {
    Cidr.Family family = range.node().family();
    return new LeftOvers.Range(
        range.network(),
        range.node(),
        peers.stream()
            .map(Peer::subnet)
            .filter(subnet -> subnet.family() == family)
            .collect(toSet()),
        allPeers && family == Cidr.Family.IPV4,
        backend.routesWholeNetwork()
            ? tunnels.stream()
                .filter(tunnel -> tunnel.family() == family)
                .map(Tunnel::name)
                .findFirst()
            : Optional.empty());
  }

  /** The tunnel device that carries IPv4. */
  Optional<Tunnel> ipv4Tunnel() {
    return tunnels.stream().filter(tunnel -> tunnel.family() == Cidr.Family.IPV4).findFirst();
  }

  /** The ranges of IPv4 pods. */
  Optional<PodRanges> ipv4Pods() {
    return pods.stream().filter(range -> range.node().family() == Cidr.Family.IPV4).findFirst();
  }

  /**
   * The NIC that carries the overlay: the device with the public IP, else with the tunnel's local
   * address.
   */
  Optional<Link> nic(KernelState state) {
    Optional<Link> holder = holder(state, publicIp);
    // Behind NAT, and with public-ip-overwrite, no device has the public IP.
    return holder.or(
        () ->
            ipv4Tunnel()
                .flatMap(tunnel -> state.link(tunnel.name()))
                .flatMap(link -> link.tunnel().local())
                .flatMap(local -> holder(state, local)));
  }

  /** The NIC's MTU minus the backend's overhead, in bytes. */
  OptionalInt leftByNic(KernelState state) {
    return nic(state)
        .map(nic -> OptionalInt.of(nic.mtu() - backend.overhead()))
        .orElse(OptionalInt.empty());
  }

  /**
   * The MTU of the tunnel devices in bytes, which flanneld also writes to subnet.env; with host-gw,
   * the NIC's.
   */
  OptionalInt flannelMtu(KernelState state) {
    return backend.hasMtu() && mtu.isPresent() ? mtu : leftByNic(state);
  }

  /** A tunnel device's MTU in bytes. IPv6's may be smaller than what pods get. */
  OptionalInt deviceMtu(Tunnel tunnel, KernelState state) {
    OptionalInt asked = flannelMtu(state);
    OptionalInt reserved = reserved(tunnel);
    Optional<Link> nic = nic(state);
    return asked.isEmpty() || nic.isEmpty() || reserved.isEmpty()
        ? asked
        : OptionalInt.of(Math.min(asked.getAsInt(), nic.get().mtu() - reserved.getAsInt()));
  }

  /** Why {@link #flannelMtu} is what it is, for messages. */
  String mtuReason(KernelState state) {
    return mtuReason(flannelMtu(state), backend.overhead(), state);
  }

  /** Why {@link #deviceMtu} is what it is, for messages. */
  String mtuReason(Tunnel tunnel, KernelState state) {
    return mtuReason(deviceMtu(tunnel, state), reserved(tunnel).orElse(backend.overhead()), state);
  }

  private OptionalInt reserved(Tunnel tunnel) {
    return tunnel.family() == Cidr.Family.IPV6 ? backend.ipv6Headroom() : OptionalInt.empty();
  }

  private String mtuReason(OptionalInt wanted, int taken, KernelState state) {
    String nic =
        nic(state)
            .map(
                link ->
                    "%s has %d, %d of which %s takes"
                        .formatted(link.name(), link.mtu(), taken, backend.type().wireName()))
            .orElse("the NIC's is not known");
    boolean own = mtu.isPresent() && wanted.equals(mtu);
    return own ? "so says the network's mtu; " + nic : nic;
  }

  /** The MTU that pods should get, in bytes. */
  OptionalInt podMtu(KernelState state) {
    return mtu.isPresent() ? mtu : flannelMtu(state);
  }

  private static Optional<Link> holder(KernelState state, Cidr address) {
    return state.links().value().stream()
        .flatMap(List::stream)
        .filter(link -> link.has(address))
        .findFirst();
  }

  private static Optional<Tunnel> tunnel(FlannelNodeSpec spec, Backend backend, Cidr node) {
    Optional<String> named =
        Optional.ofNullable(spec.device()).filter(_ -> node.family() == Cidr.Family.IPV4);
    Optional<FlannelNodeSpec.Vxlan> vxlan =
        Optional.ofNullable(spec.vxlan()).filter(_ -> backend.networkId().isPresent());
    return backend
        .device(node.family())
        .map(
            usual ->
                new Tunnel(
                    named.orElse(usual),
                    backend.deviceKind(),
                    node.family(),
                    Cidr.ofAddress(node.base()),
                    vxlan.map(FlannelNodeSpec.Vxlan::vni),
                    vxlan.map(FlannelNodeSpec.Vxlan::port)));
  }

  private static Optional<PodRanges> ranges(@Nullable String network, @Nullable String node) {
    return range(network).flatMap(all -> range(node).map(own -> new PodRanges(all, own)));
  }

  private static Optional<Peer> peer(FlannelNodeSpec.Peer peer) {
    return address(peer.address())
        .flatMap(
            address ->
                range(peer.subnet())
                    .map(
                        subnet ->
                            new Peer(
                                peer.name(),
                                address,
                                subnet,
                                Optional.ofNullable(peer.vtepMAC()),
                                peer.backend() != null)));
  }

  private static Optional<Cidr> range(@Nullable String text) {
    return text == null ? Optional.empty() : Cidr.tryParse(text);
  }

  private static Optional<Cidr> address(@Nullable String text) {
    return text == null ? Optional.empty() : Cidr.tryAddress(text);
  }
}

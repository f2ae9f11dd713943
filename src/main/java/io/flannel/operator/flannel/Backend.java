package io.flannel.operator.flannel;

import io.flannel.operator.api.BackendSpec;
import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.FlannelNodeSpec;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * One of flannel's ways to carry packets between nodes, with every option spelled out. What differs
 * by backend is asked of it: a new backend is one class more, and the compiler names the other
 * places. What a method says by default is what a backend without that trait says.
 */
public sealed interface Backend permits BackendVxlan, BackendIpip, BackendHostGw, BackendWireguard {
  /** A key of a Secret in flannel's namespace. */
  record Psk(String secret, String key) {}

  /** What other options do to a device that the same backend has made. */
  enum OptionChange {
    /** Nothing that packets notice. */
    NONE,
    /** It becomes another tunnel: nodes before and after the change exchange no packets. */
    OTHER_TUNNEL,
    /** It is made again: packets that carry a mark don't pass between before and after. */
    RECREATED
  }

  /** Its type, as manifests and net-conf.json name it. */
  BackendType type();

  /**
   * The tunnel device for packets of one family; empty where there is none. IPv6 may have one of
   * its own (vxlan.go, wireguard.go).
   */
  Optional<String> device(Cidr.Family family);

  /** The tunnel device for IPv4. */
  default Optional<String> device() {
    return device(Cidr.Family.IPV4);
  }

  /**
   * The names that flannel gives to its devices, by whatever options, as a regular expression;
   * empty where it has none.
   */
  Optional<String> deviceNames();

  /** The kernel's kind of the device: its names of the kinds are flannel's of the backends. */
  default String deviceKind() {
    return type().wireName();
  }

  /**
   * The device for IPv4 as flanneld makes it, in the words of ip-link(8), to which its local
   * address and the NIC come; empty where there is none that has them.
   */
  default Optional<String> linkType() {
    return Optional.empty();
  }

  /**
   * Whether devices of its kind compete for what comes in, since there is no port to tell them by:
   * the kernel takes the one whose addresses fit best (net/ipv4/ip_tunnel.c, ip_tunnel_lookup).
   */
  default boolean devicesCompete() {
    return encapsulation().filter(it -> it.port().isEmpty()).isPresent();
  }

  /** Whether flanneld takes the device away when it ends. */
  default boolean removesDeviceAtExit() {
    return false;
  }

  /** Bytes that encapsulation adds to each packet, as flannel counts them. */
  int overhead();

  /** Whether net-conf.json has an MTU for it; others take what the node's NIC leaves. */
  default boolean hasMtu() {
    return false;
  }

  /** What packets travel in between nodes; empty where they travel as they are. */
  Optional<Encapsulation> encapsulation();

  /** The UDP port that nodes send a family's packets to; empty where they travel in no UDP. */
  default Optional<Integer> udpPort(Cidr.Family family) {
    return encapsulation()
        .filter(it -> it.port().isPresent())
        .map(it -> udpPort(family, it.port().getAsInt()));
  }

  /** The same where the one of IPv4 is known to be another than the options say. */
  default int udpPort(Cidr.Family family, int ofIpv4) {
    return ofIpv4;
  }

  /** What firewalls between nodes must let pass; empty where packets travel as they are. */
  default Optional<String> firewallHole() {
    return encapsulation().map(Encapsulation::toString);
  }

  /** The number that tells its tunnel from others on the same port: vxlan's VNI. */
  default OptionalInt networkId() {
    return OptionalInt.empty();
  }

  /**
   * What follows the outer IP or UDP header on the wire; empty: the packet itself, or its frame.
   */
  default Optional<String> tunnelHeader() {
    return Optional.empty();
  }

  /** Whether packets are encrypted, so that nodes with any other backend can't read them. */
  default boolean encrypts() {
    return false;
  }

  /**
   * Whether the tunnel carries Ethernet frames: peers' devices have MAC addresses, which they
   * publish, and are the next hop of routes to their pods.
   */
  default boolean carriesEthernet() {
    return false;
  }

  /**
   * Whether checksums inside are left to the NIC, of which some fail at those of packets in UDP; of
   * encrypted ones they see none.
   */
  default boolean leavesChecksumsToNic() {
    return udpPort(Cidr.Family.IPV4).isPresent() && !encrypts();
  }

  /** Whether the network's range has one route, into the device, instead of one for each peer. */
  default boolean routesWholeNetwork() {
    return false;
  }

  /** Whether peers on the same L2 are reached without encapsulation. */
  default boolean directRouting() {
    return false;
  }

  /** Whether it carries IPv6 between pods. */
  default boolean carriesIpv6() {
    return true;
  }

  /** Where the pre-shared key is, if one is wanted. */
  default Optional<Psk> psk() {
    return Optional.empty();
  }

  /** What a node notices that had the same backend with other options; of another, nothing. */
  default OptionChange changeFrom(Backend before) {
    return OptionChange.NONE;
  }

  /**
   * Its part of net-conf.json.
   *
   * @param mtu what pods shall get, in bytes; empty: what the node's NIC leaves
   */
  default Map<String, Object> netConf(OptionalInt mtu) {
    Map<String, Object> conf = new LinkedHashMap<>();
    conf.put("Type", type().wireName());
    conf.putAll(options());
    if (Boolean.TRUE.equals(spec().directRouting())) {
      conf.put("DirectRouting", true);
    }
    if (hasMtu()) {
      // flannel's MTU is the outer one: the device gets it less the overhead.
      mtu.ifPresent(inner -> conf.put("MTU", inner + overhead()));
    }
    return conf;
  }

  /** What stands in net-conf.json for it alone, in the order of the text. */
  default Map<String, Object> options() {
    return Map.of();
  }

  /**
   * Settings in its part of a net-conf.json that no spec says.
   *
   * @param ipv6 whether the network carries IPv6
   */
  default List<String> unsaid(GoJson conf, boolean ipv6) {
    return List.of();
  }

  /** As a manifest says it; {@link #of(BackendSpec)} reads it. */
  default BackendSpec spec() {
    boolean chosen = directRouting() && device().isPresent();
    return new BackendSpec(type(), chosen ? true : null, null, null);
  }

  /** What an agent is told of a vxlan device; empty where it can have none. */
  default Optional<FlannelNodeSpec.Vxlan> expectedVxlan() {
    return Optional.empty();
  }

  /** The backend that a manifest names, with flannel's defaults for what it leaves out. */
  static Backend of(BackendSpec spec) {
    boolean directRouting = Boolean.TRUE.equals(spec.directRouting());
    return switch (spec.type()) {
      case VXLAN -> BackendVxlan.of(spec.vxlan(), directRouting);
      case IPIP -> new BackendIpip(directRouting);
      case HOST_GW -> new BackendHostGw();
      case WIREGUARD -> BackendWireguard.of(spec.wireguard());
    };
  }

  /** The backend that an agent is told of, as far as it is. */
  static Backend of(FlannelNodeSpec spec) {
    FlannelNodeSpec.Vxlan told = spec.vxlan();
    return of(
        new BackendSpec(
            spec.backend(),
            spec.directRouting(),
            told == null ? null : new BackendSpec.Vxlan(told.vni(), told.port(), null),
            null));
  }

  /** A backend of a type, all by default. */
  static Backend usual(BackendType type) {
    return of(new BackendSpec(type, null, null, null));
  }

  /** One of each type, all by default. */
  static List<Backend> usual() {
    return Arrays.stream(BackendType.values()).map(Backend::usual).toList();
  }

  /**
   * The backend of a net-conf.json; empty where it is none that we know. Where a key comes from is
   * not written there.
   *
   * @param conf the part "Backend"
   */
  static Optional<Backend> read(GoJson conf) {
    String name = conf.text("Type", "udp");
    return Arrays.stream(BackendType.values())
        .filter(type -> type.wireName().equalsIgnoreCase(name)) // pkg/backend/manager.go
        .findFirst()
        .map(
            type ->
                of(
                    new BackendSpec(
                        type,
                        conf.flag("DirectRouting"),
                        BackendVxlan.read(conf),
                        BackendWireguard.read(conf))));
  }
}

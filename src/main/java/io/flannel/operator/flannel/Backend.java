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
 * One of flannel's ways to carry packets between nodes, with every option filled in. Whatever
 * differs by backend is a method here: a new backend is one more class, and the compiler names the
 * other places to change. The default methods describe a backend without that trait.
 */
public sealed interface Backend permits BackendVxlan, BackendIpip, BackendHostGw, BackendWireguard {
  /** A key of a Secret in flannel's namespace. */
  record Psk(String secret, String key) {}

  /** What changed options do to the device that the same backend has made. */
  enum OptionChange {
    /** Packets are not affected. */
    NONE,
    /** It becomes another tunnel: nodes before and after the change can't exchange packets. */
    OTHER_TUNNEL,
    /**
     * It is recreated: packets that carry a mark don't pass between nodes before and after the
     * change.
     */
    RECREATED
  }

  /** The backend's type, as manifests and net-conf.json name it. */
  BackendType type();

  /**
   * The tunnel device for packets of one family; empty if there is none. IPv6 may have a separate
   * device (vxlan.go, wireguard.go).
   */
  Optional<String> device(Cidr.Family family);

  /** The tunnel device for IPv4. */
  default Optional<String> device() {
    return device(Cidr.Family.IPV4);
  }

  /**
   * A regular expression that matches the names of flannel's devices, whatever the options; empty
   * if the backend has no device.
   */
  Optional<String> deviceNames();

  /** The kernel's kind of the device, which is the same word as flannel's backend type. */
  default String deviceKind() {
    return type().wireName();
  }

  /**
   * Type and options of flanneld's IPv4 device in the syntax of ip-link(8), to which the local
   * address and, for vxlan, the NIC are added; empty if the backend has no device with a local
   * address.
   */
  default Optional<String> linkType() {
    return Optional.empty();
  }

  /**
   * Whether devices of this kind compete for incoming packets. Without a port to tell them apart,
   * the kernel takes the device whose addresses match best (net/ipv4/ip_tunnel.c,
   * ip_tunnel_lookup).
   */
  default boolean devicesCompete() {
    return encapsulation().filter(it -> it.port().isEmpty()).isPresent();
  }

  /** Whether flanneld deletes the device when it exits. */
  default boolean removesDeviceAtExit() {
    return false;
  }

  /** Bytes that encapsulation adds to each packet, as flannel counts them. */
  int overhead();

  /**
   * Bytes that the kernel reserves on the IPv6 device: its MTU is at most the NIC's less them,
   * whatever flanneld asks for. Empty if the kernel leaves the MTU as it is.
   */
  default OptionalInt ipv6Headroom() {
    return OptionalInt.empty();
  }

  /**
   * Whether net-conf.json has an MTU setting for the backend; others take what the node's NIC
   * leaves.
   */
  default boolean hasMtu() {
    return false;
  }

  /** What packets are wrapped in between nodes; empty if they travel as they are. */
  Optional<Encapsulation> encapsulation();

  /** The UDP port that nodes send a family's packets to; empty if the backend does not use UDP. */
  default Optional<Integer> udpPort(Cidr.Family family) {
    return encapsulation()
        .filter(it -> it.port().isPresent())
        .map(it -> udpPort(family, it.port().getAsInt()));
  }

  /** The UDP port of a family, given IPv4's actual port, which may differ from the options. */
  default int udpPort(Cidr.Family family, int ofIpv4) {
    return ofIpv4;
  }

  /** What firewalls between nodes must let pass; empty if packets travel as they are. */
  default Optional<String> firewallHole() {
    return encapsulation().map(Encapsulation::toString);
  }

  /** The number that tells the tunnel from others on the same port: vxlan's VNI. */
  default OptionalInt networkId() {
    return OptionalInt.empty();
  }

  /**
   * What follows the outer IP or UDP header on the wire; empty if that is the packet itself or its
   * frame.
   */
  default Optional<String> tunnelHeader() {
    return Optional.empty();
  }

  /** Whether packets are encrypted, so that nodes with any other backend can't read them. */
  default boolean encrypts() {
    return false;
  }

  /**
   * Whether the tunnel carries Ethernet frames: peers publish the MAC addresses of their devices,
   * which are the next hops of routes to their pods.
   */
  default boolean carriesEthernet() {
    return false;
  }

  /**
   * Whether inner checksums are offloaded to the NIC. Some NICs get those of packets inside UDP
   * wrong; of encrypted packets they see none.
   */
  default boolean leavesChecksumsToNic() {
    return udpPort(Cidr.Family.IPV4).isPresent() && !encrypts();
  }

  /** Whether the network's range has a single route, into the device, instead of one per peer. */
  default boolean routesWholeNetwork() {
    return false;
  }

  /** Whether peers on the same L2 are reached without encapsulation. */
  default boolean directRouting() {
    return false;
  }

  /** Whether the backend carries IPv6 between pods. */
  default boolean carriesIpv6() {
    return true;
  }

  /** The Secret's key that holds the pre-shared key, if one is used. */
  default Optional<Psk> psk() {
    return Optional.empty();
  }

  /**
   * How the options change the device of a node that ran the same backend with other options;
   * {@link OptionChange#NONE} for another backend.
   */
  default OptionChange changeFrom(Backend before) {
    return OptionChange.NONE;
  }

  /**
   * The backend's part of net-conf.json.
   *
   * @param mtu MTU of pods in bytes; empty for what the node's NIC leaves
   */
  default Map<String, Object> netConf(OptionalInt mtu) {
    Map<String, Object> conf = new LinkedHashMap<>();
    conf.put("Type", type().wireName());
    conf.putAll(options());
    if (Boolean.TRUE.equals(spec().directRouting())) {
      conf.put("DirectRouting", true);
    }
    if (hasMtu()) {
      // flannel's MTU is the outer one: the device gets it minus the overhead.
      mtu.ifPresent(inner -> conf.put("MTU", inner + overhead()));
    }
    return conf;
  }

  /** The backend's own settings in net-conf.json, in the order of the text. */
  default Map<String, Object> options() {
    return Map.of();
  }

  /** Settings in this backend's part of a net-conf.json that no field of a spec expresses. */
  default List<String> unsaid(GoJson conf, boolean ipv6) {
    return List.of();
  }

  /** The backend as a manifest says it; {@link #of(BackendSpec)} reads it back. */
  default BackendSpec spec() {
    boolean chosen = directRouting() && device().isPresent();
    return new BackendSpec(type(), chosen ? true : null, null, null);
  }

  /** The vxlan device that an agent is told to expect; empty if there can be none. */
  default Optional<FlannelNodeSpec.Vxlan> expectedVxlan() {
    return Optional.empty();
  }

  /** The backend of a manifest, with flannel's defaults for what it leaves out. */
  static Backend of(BackendSpec spec) {
    boolean directRouting = Boolean.TRUE.equals(spec.directRouting());
    return switch (spec.type()) {
      case VXLAN -> BackendVxlan.of(spec.vxlan(), directRouting);
      case IPIP -> new BackendIpip(directRouting);
      case HOST_GW -> new BackendHostGw();
      case WIREGUARD -> BackendWireguard.of(spec.wireguard());
    };
  }

  /** The backend as far as a FlannelNode's spec describes it to an agent. */
  static Backend of(FlannelNodeSpec spec) {
    FlannelNodeSpec.Vxlan told = spec.vxlan();
    return of(
        new BackendSpec(
            spec.backend(),
            spec.directRouting(),
            told == null ? null : new BackendSpec.Vxlan(told.vni(), told.port(), null),
            null));
  }

  /** The backend of a type, with default options. */
  static Backend usual(BackendType type) {
    return of(new BackendSpec(type, null, null, null));
  }

  /** One backend of each type, with default options. */
  static List<Backend> usual() {
    return Arrays.stream(BackendType.values()).map(Backend::usual).toList();
  }

  /**
   * Reads the backend of a net-conf.json; empty if we don't know it. The Secret of a pre-shared key
   * is not written there.
   *
   * @param conf the value of "Backend"
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

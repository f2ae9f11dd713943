package io.flannel.operator.flannel;

import io.flannel.operator.api.BackendSpec;
import io.flannel.operator.api.BackendType;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * One of flannel's ways to carry packets between nodes, with every option spelled out. What differs
 * by backend is here: a new backend is one class more, and the compiler names the other places.
 */
public sealed interface Backend {
  /** Its type, as manifests and net-conf.json name it. */
  BackendType type();

  /** The tunnel device on each node; empty where there is none. */
  Optional<String> device();

  /**
   * The tunnel device for packets of one family; IPv6 has one of its own (vxlan.go, wireguard.go).
   */
  default Optional<String> device(Cidr.Family family) {
    return device();
  }

  /** Bytes that encapsulation adds to each packet, as flannel counts them. */
  int overhead();

  /** What packets travel in between nodes; empty where they travel as they are. */
  Optional<Encapsulation> encapsulation();

  /** Whether peers on the same L2 are reached without encapsulation. */
  boolean directRouting();

  /** Whether it carries IPv6 between pods. */
  boolean carriesIpv6();

  /**
   * Its part of net-conf.json.
   *
   * @param mtu what pods shall get, in bytes; empty: what the node's NIC leaves
   */
  Map<String, Object> netConf(OptionalInt mtu);

  /** The backend that a manifest names, with flannel's defaults for what it leaves out. */
  static Backend of(BackendSpec spec) {
    boolean directRouting = Boolean.TRUE.equals(spec.directRouting());
    return switch (spec.type()) {
      case VXLAN -> Vxlan.of(spec.vxlan(), directRouting);
      case IPIP -> new Ipip(directRouting);
      case HOST_GW -> new HostGw();
      case WIREGUARD -> Wireguard.of(spec.wireguard());
    };
  }

  /**
   * Ethernet in UDP (pkg/backend/vxlan).
   *
   * @param vni network identifier; names the device
   * @param port UDP port on the underlay
   * @param gbp whether the packet mark travels in the VXLAN header
   */
  record Vxlan(int vni, int port, boolean gbp, boolean directRouting) implements Backend {
    /** What flannel takes for VNI. */
    public static final int DEFAULT_VNI = 1;

    /** What the Linux kernel takes where flannel leaves the port at 0. */
    public static final int DEFAULT_PORT = 8472;

    static Vxlan of(BackendSpec.@Nullable Vxlan options, boolean directRouting) {
      if (options == null) {
        return new Vxlan(DEFAULT_VNI, DEFAULT_PORT, false, directRouting);
      }
      return new Vxlan(
          orElse(options.vni(), DEFAULT_VNI),
          orElse(options.port(), DEFAULT_PORT),
          Boolean.TRUE.equals(options.gbp()),
          directRouting);
    }

    @Override
    public BackendType type() {
      return BackendType.VXLAN;
    }

    @Override
    public Optional<String> device() {
      return Optional.of("flannel." + vni);
    }

    @Override
    public Optional<String> device(Cidr.Family family) {
      return family == Cidr.Family.IPV4 ? device() : Optional.of("flannel-v6." + vni);
    }

    @Override
    public int overhead() {
      return 50;
    }

    @Override
    public Optional<Encapsulation> encapsulation() {
      return Optional.of(Encapsulation.udp(port));
    }

    @Override
    public boolean carriesIpv6() {
      return true;
    }

    @Override
    public Map<String, Object> netConf(OptionalInt mtu) {
      Map<String, Object> conf = typed(type());
      conf.put("VNI", vni);
      conf.put("Port", port);
      if (gbp) {
        conf.put("GBP", true);
      }
      if (directRouting) {
        conf.put("DirectRouting", true);
      }
      // flannel's MTU is the outer one: the device gets it less the overhead.
      mtu.ifPresent(inner -> conf.put("MTU", inner + overhead()));
      return conf;
    }
  }

  /**
   * IPv4 in IPv4, protocol 4 (pkg/backend/ipip). Has no MTU of its own: the device takes NIC−20.
   */
  record Ipip(boolean directRouting) implements Backend {
    @Override
    public BackendType type() {
      return BackendType.IPIP;
    }

    @Override
    public Optional<String> device() {
      return Optional.of("flannel.ipip");
    }

    @Override
    public int overhead() {
      return 20;
    }

    @Override
    public Optional<Encapsulation> encapsulation() {
      return Optional.of(Encapsulation.ipip());
    }

    @Override
    public boolean carriesIpv6() {
      return false;
    }

    @Override
    public Map<String, Object> netConf(OptionalInt mtu) {
      Map<String, Object> conf = typed(type());
      if (directRouting) {
        conf.put("DirectRouting", true);
      }
      return conf;
    }
  }

  /** Plain routes to the peers' addresses (pkg/backend/hostgw). */
  record HostGw() implements Backend {
    @Override
    public BackendType type() {
      return BackendType.HOST_GW;
    }

    @Override
    public Optional<String> device() {
      return Optional.empty();
    }

    @Override
    public int overhead() {
      return 0;
    }

    @Override
    public boolean directRouting() {
      return true;
    }

    @Override
    public Optional<Encapsulation> encapsulation() {
      return Optional.empty();
    }

    @Override
    public boolean carriesIpv6() {
      return true;
    }

    @Override
    public Map<String, Object> netConf(OptionalInt mtu) {
      return typed(type());
    }
  }

  /**
   * Encrypted, in UDP (pkg/backend/wireguard).
   *
   * @param port UDP port on the underlay; IPv6 peers use the next one, as with flannel's defaults
   * @param keepaliveSeconds time between keepalives in seconds; 0: none
   * @param psk where the pre-shared key is, if one is wanted
   */
  record Wireguard(int port, int keepaliveSeconds, Optional<Psk> psk) implements Backend {
    /** What flannel takes for ListenPort. */
    public static final int DEFAULT_PORT = 51820;

    /** What our API takes for the keepalive, in seconds; flannel's own default is none. */
    public static final int DEFAULT_KEEPALIVE_SECONDS = 25;

    /**
     * Stands in net-conf.json where the pre-shared key belongs: the key itself never leaves its
     * Secret but on the node, where an init container puts it in.
     */
    public static final String PSK_PLACEHOLDER = "__WIREGUARD_PSK__";

    /** A key of a Secret in flannel's namespace. */
    public record Psk(String secret, String key) {}

    static Wireguard of(BackendSpec.@Nullable Wireguard options) {
      if (options == null) {
        return new Wireguard(DEFAULT_PORT, DEFAULT_KEEPALIVE_SECONDS, Optional.empty());
      }
      BackendSpec.SecretKey psk = options.pskSecret();
      return new Wireguard(
          orElse(options.port(), DEFAULT_PORT),
          orElse(options.keepaliveSeconds(), DEFAULT_KEEPALIVE_SECONDS),
          psk == null
              ? Optional.empty()
              : Optional.of(new Psk(psk.name(), psk.key() == null ? "psk" : psk.key())));
    }

    @Override
    public BackendType type() {
      return BackendType.WIREGUARD;
    }

    @Override
    public Optional<String> device() {
      return Optional.of("flannel-wg");
    }

    @Override
    public Optional<String> device(Cidr.Family family) {
      return family == Cidr.Family.IPV4 ? device() : Optional.of("flannel-wg-v6");
    }

    @Override
    public int overhead() {
      return 80;
    }

    @Override
    public boolean directRouting() {
      return false;
    }

    @Override
    public Optional<Encapsulation> encapsulation() {
      return Optional.of(Encapsulation.udp(port));
    }

    @Override
    public boolean carriesIpv6() {
      return true;
    }

    @Override
    public Map<String, Object> netConf(OptionalInt mtu) {
      Map<String, Object> conf = typed(type());
      conf.put("ListenPort", port);
      conf.put("ListenPortV6", port + 1);
      conf.put("PersistentKeepaliveInterval", keepaliveSeconds);
      psk.ifPresent(key -> conf.put("PSK", PSK_PLACEHOLDER));
      // As with vxlan: the device gets it less the overhead (createWGDev, newWGDevice).
      mtu.ifPresent(inner -> conf.put("MTU", inner + overhead()));
      return conf;
    }
  }

  private static Map<String, Object> typed(BackendType type) {
    Map<String, Object> conf = new LinkedHashMap<>();
    conf.put("Type", type.wireName());
    return conf;
  }

  private static int orElse(@Nullable Integer value, int otherwise) {
    return value == null ? otherwise : value;
  }
}

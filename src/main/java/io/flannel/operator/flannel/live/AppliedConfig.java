package io.flannel.operator.flannel.live;

import com.fasterxml.jackson.databind.JsonNode;
import io.flannel.operator.flannel.Backend;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.GoJson;
import io.flannel.operator.flannel.NetConf;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a live net-conf.json and cni-conf.json say, read as flannel reads them
 * (pkg/subnet/config.go).
 *
 * @param backendType the backend's type in lower case, as flannel reads it and nodes publish it
 * @param cidr the IPv4 range, if IPv4 is on
 * @param ipv6Cidr the IPv6 range, if IPv6 is on
 * @param mtu MTU of pods in bytes, if it is pinned
 * @param backend the backend with its options, if we know it; the Secret of a WireGuard key is not
 *     written there
 * @param nftables whether rules are nftables' instead of iptables'
 * @param cniVersion version of the CNI configuration; empty if it has none
 */
public record AppliedConfig(
    String backendType,
    boolean directRouting,
    Optional<Cidr> cidr,
    Optional<Cidr> ipv6Cidr,
    OptionalInt mtu,
    Optional<Backend> backend,
    boolean nftables,
    String cniVersion) {

  /** Reads both files; empty if net-conf.json is not a JSON object, on which flannel exits. */
  public static Optional<AppliedConfig> read(String netConfJson, String cniConfJson) {
    GoJson conf = GoJson.parse(netConfJson);
    if (!conf.node().isObject()) {
      return Optional.empty();
    }
    GoJson backend = conf.at("Backend");
    boolean ipv4 = conf.at("EnableIPv4").node().asBoolean(true);
    boolean ipv6 = conf.flag("EnableIPv6");
    Optional<Backend> known = Backend.read(backend);
    return Optional.of(
        new AppliedConfig(
            backend.text("Type", "udp").toLowerCase(Locale.ROOT), // pkg/backend/manager.go
            backend.flag("DirectRouting"),
            ipv4 ? Cidr.tryParse(conf.text("Network", "")) : Optional.empty(),
            ipv6 ? Cidr.tryParse(conf.text("IPv6Network", "")) : Optional.empty(),
            podMtu(cniConfJson, known.map(it -> mtu(it, backend)).orElse(OptionalInt.empty())),
            known,
            conf.flag("EnableNFTables"),
            GoJson.parse(cniConfJson).node().path("cniVersion").asText("")));
  }

  /** What a network's configuration says once it is applied. */
  public static AppliedConfig of(DesiredNetwork network) {
    NetConf conf = NetConf.of(network);
    return read(conf.netConfJson(), conf.cniConfJson())
        .orElseThrow(() -> new IllegalStateException("a rendered configuration is JSON"));
  }

  /** The ranges of both families, IPv4 first. */
  public List<Cidr> ranges() {
    List<Cidr> ranges = new ArrayList<>();
    cidr.ifPresent(ranges::add);
    ipv6Cidr.ifPresent(ranges::add);
    return ranges;
  }

  /** The MTU of pods according to the backend's own MTU, which is the outer one. */
  private static OptionalInt mtu(Backend backend, GoJson conf) {
    int outer = conf.number("MTU", 0);
    return backend.hasMtu() && outer > 0
        ? OptionalInt.of(outer - backend.overhead())
        : OptionalInt.empty();
  }

  /** The CNI plugin's own setting overrides what flanneld wrote into subnet.env. */
  private static OptionalInt podMtu(String cniConfJson, OptionalInt otherwise) {
    for (JsonNode plugin : GoJson.parse(cniConfJson).node().path("plugins")) {
      JsonNode mtu = plugin.path("delegate").path("mtu");
      if (mtu.isInt()) {
        return OptionalInt.of(mtu.asInt());
      }
    }
    return otherwise;
  }
}

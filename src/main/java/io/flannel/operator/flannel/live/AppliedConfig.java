package io.flannel.operator.flannel.live;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.flannel.operator.api.BackendType;
import io.flannel.operator.flannel.Backend;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.NetConf;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * What a live net-conf.json and cni-conf.json say, read as flannel reads them: keys without case,
 * unknown keys ignored (pkg/subnet/config.go).
 *
 * @param backendType the backend's type as written
 * @param cidr the IPv4 range, if IPv4 is on
 * @param ipv6Cidr the IPv6 range, if IPv6 is on
 * @param mtu what pods get, in bytes, where it is pinned
 * @param backend the backend with its options, if it is one that we know; where a WireGuard key
 *     comes from is not written there
 * @param nftables whether rules are nftables' instead of iptables'
 * @param cniVersion version of the CNI configuration; empty where it has none
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

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  /** Reads both files; empty where net-conf.json is no JSON object, which flannel exits at. */
  public static Optional<AppliedConfig> read(String netConfJson, String cniConfJson) {
    JsonNode conf = json(netConfJson);
    if (!conf.isObject()) {
      return Optional.empty();
    }
    JsonNode backend = at(conf, "Backend");
    boolean ipv4 = at(conf, "EnableIPv4").asBoolean(true);
    boolean ipv6 = at(conf, "EnableIPv6").asBoolean(false);
    Optional<Backend> known = backend(backend);
    return Optional.of(
        new AppliedConfig(
            at(backend, "Type").asText("udp"),
            at(backend, "DirectRouting").asBoolean(false),
            ipv4 ? Cidr.tryParse(at(conf, "Network").asText("")) : Optional.empty(),
            ipv6 ? Cidr.tryParse(at(conf, "IPv6Network").asText("")) : Optional.empty(),
            podMtu(cniConfJson, known.map(it -> mtu(it, backend)).orElse(OptionalInt.empty())),
            known,
            at(conf, "EnableNFTables").asBoolean(false),
            json(cniConfJson).path("cniVersion").asText("")));
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

  private static Optional<Backend> backend(JsonNode conf) {
    boolean directRouting = at(conf, "DirectRouting").asBoolean(false);
    String name = at(conf, "Type").asText("udp");
    return Arrays.stream(BackendType.values())
        .filter(type -> type.wireName().equalsIgnoreCase(name)) // pkg/backend/manager.go
        .findFirst()
        .map(
            type ->
                switch (type) {
                  case VXLAN ->
                      new Backend.Vxlan(
                          number(conf, "VNI", Backend.Vxlan.DEFAULT_VNI),
                          number(conf, "Port", Backend.Vxlan.DEFAULT_PORT),
                          at(conf, "GBP").asBoolean(false),
                          directRouting);
                  case IPIP -> new Backend.Ipip(directRouting);
                  case HOST_GW -> new Backend.HostGw();
                  case WIREGUARD ->
                      new Backend.Wireguard(
                          number(conf, "ListenPort", Backend.Wireguard.DEFAULT_PORT),
                          at(conf, "PersistentKeepaliveInterval").asInt(0),
                          Optional.empty());
                });
  }

  /** A number for which 0 stands for a default. */
  private static int number(JsonNode object, String key, int otherwise) {
    int number = at(object, key).asInt(0);
    return number == 0 ? otherwise : number;
  }

  /**
   * What pods get by the backend's own MTU, which is the outer one. Others than these have none.
   */
  private static OptionalInt mtu(Backend backend, JsonNode conf) {
    int outer = at(conf, "MTU").asInt(0);
    boolean has = backend instanceof Backend.Vxlan || backend instanceof Backend.Wireguard;
    return has && outer > 0 ? OptionalInt.of(outer - backend.overhead()) : OptionalInt.empty();
  }

  public static JsonNode json(@Nullable String text) {
    try {
      return text == null ? MissingNode.getInstance() : JSON.readTree(text);
    } catch (JsonProcessingException e) {
      return MissingNode.getInstance();
    }
  }

  /** The CNI plugin's own wins over what flanneld wrote into subnet.env. */
  private static OptionalInt podMtu(String cniConfJson, OptionalInt otherwise) {
    for (JsonNode plugin : json(cniConfJson).path("plugins")) {
      JsonNode mtu = plugin.path("delegate").path("mtu");
      if (mtu.isInt()) {
        return OptionalInt.of(mtu.asInt());
      }
    }
    return otherwise;
  }

  /** The value of a key, whatever its case; of several, the last, as in Go. */
  public static JsonNode at(JsonNode object, String key) {
    JsonNode value = MissingNode.getInstance();
    for (var field : object.properties()) {
      if (field.getKey().equalsIgnoreCase(key)) {
        value = field.getValue();
      }
    }
    return value;
  }
}

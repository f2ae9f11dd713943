package io.flannel.operator.flannel;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * The two files that configure flannel on a node, as text: {@code net-conf.json}, which flanneld
 * reads once at startup (pkg/subnet/config.go), and {@code cni-conf.json}, which install-conf puts
 * into the CNI directory.
 */
public record NetConf(String netConfJson, String cniConfJson) {
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
          .build();

  /** The files for a network. Equal networks give byte-identical text. */
  public static NetConf of(DesiredNetwork network) {
    return new NetConf(
        json(netConf(network)), json(cniConf(network.cni().version(), network.mtu())));
  }

  /** Ten hexadecimal digits that change when either file does; part of the ConfigMap's name. */
  public String hash() {
    return ShortHash.of(netConfJson, cniConfJson);
  }

  private static Map<String, Object> netConf(DesiredNetwork network) {
    Map<String, Object> conf = new LinkedHashMap<>();
    conf.put("EnableIPv4", network.cidr().isPresent());
    network.cidr().ifPresent(cidr -> conf.put("Network", cidr.toString()));
    conf.put("EnableIPv6", network.ipv6Cidr().isPresent());
    network.ipv6Cidr().ifPresent(cidr -> conf.put("IPv6Network", cidr.toString()));
    conf.put("EnableNFTables", network.nftables());
    conf.put("Backend", network.backend().netConf(network.mtu()));
    return conf;
  }

  public static Map<String, Object> cniConf(String version, OptionalInt pinnedMtu) {
    Map<String, Object> delegate = new LinkedHashMap<>();
    delegate.put("hairpinMode", true);
    delegate.put("isDefaultGateway", true);
    // Overrides subnet.env's FLANNEL_MTU, and is the only MTU setting of ipip and host-gw.
    pinnedMtu.ifPresent(mtu -> delegate.put("mtu", mtu));
    Map<String, Object> conf = new LinkedHashMap<>();
    conf.put("name", "cbr0");
    conf.put("cniVersion", version);
    conf.put(
        "plugins",
        List.of(
            ordered("type", "flannel", "delegate", delegate),
            ordered("type", "portmap", "capabilities", Map.of("portMappings", true))));
    return conf;
  }

  private static Map<String, Object> ordered(String k1, Object v1, String k2, Object v2) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put(k1, v1);
    map.put(k2, v2);
    return map;
  }

  private static String json(Map<String, Object> conf) {
    try {
      return JSON.writeValueAsString(conf) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("maps of strings and numbers are JSON", e);
    }
  }
}

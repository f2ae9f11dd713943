package io.flannel.operator.flannel.foreign;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flannel.operator.flannel.Backend;
import io.flannel.operator.flannel.GoJson;
import io.flannel.operator.flannel.NetConf;
import io.flannel.operator.flannel.PrintableText;
import io.flannel.operator.flannel.live.AppliedConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * Names each setting in a net-conf.json and a cni-conf.json that a FlannelNetwork can't express.
 * Keys that flannel ignores with --kube-subnet-mgr (SubnetLen, SubnetMin, SubnetMax) or on Linux
 * (MacPrefix) don't count as settings.
 */
final class ForeignConfig {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Limits on the number and length of named settings: anybody may have written the files. */
  private static final int MOST_SETTINGS = 65;

  private static final int SETTING_LENGTH = 512;

  private final AppliedConfig config;
  private final GoJson netConf;
  private final GoJson backend;
  private final JsonNode cniConf;
  private final List<String> unsupported = new ArrayList<>();

  private ForeignConfig(AppliedConfig config, String netConfJson, String cniConfJson) {
    this.config = config;
    this.netConf = GoJson.parse(netConfJson);
    this.backend = netConf.at("Backend");
    this.cniConf = GoJson.parse(cniConfJson).node();
  }

  static List<String> unsupported(AppliedConfig config, String netConfJson, String cniConfJson) {
    ForeignConfig found = new ForeignConfig(config, netConfJson, cniConfJson);
    found.ranges();
    if (config.backend().isEmpty()) {
      found.netConf("Backend.Type %s".formatted(config.backendType()));
    } else {
      found.backend(config.backend().get());
    }
    found.cni();
    return List.copyOf(found.unsupported);
  }

  private void ranges() {
    boolean ipv4 = netConf.at("EnableIPv4").node().asBoolean(true);
    boolean ipv6 = netConf.flag("EnableIPv6");
    if (ipv4 && config.cidr().isEmpty()) {
      netConf("EnableIPv4 without a valid Network");
    }
    if (ipv6 && config.ipv6Cidr().isEmpty()) {
      netConf("EnableIPv6 without a valid IPv6Network");
    }
    if (!ipv4 && !ipv6) {
      netConf("neither EnableIPv4 nor EnableIPv6");
    }
    if (ipv6 && config.backend().filter(it -> !it.carriesIpv6()).isPresent()) {
      netConf("EnableIPv6 with Backend.Type " + config.backendType());
    }
  }

  private void backend(Backend known) {
    known
        .unsaid(backend, config.ipv6Cidr().isPresent())
        .forEach(setting -> netConf("Backend." + setting));
    int outer = backend.number("MTU", 0);
    int pods = config.mtu().orElse(0);
    // Such a backend's MTU is also the device's: no field sets another MTU for pods alone.
    if (known.hasMtu() && pods > 0 && pods != outer - known.overhead()) {
      cniConf(
          "delegate.mtu %d with Backend.MTU %s in net-conf.json"
              .formatted(pods, outer == 0 ? "left out" : outer));
    }
  }

  private void cni() {
    if (!config.cniVersion().matches("[0-9]+[.][0-9]+[.][0-9]+")) {
      cniConf("cniVersion '%s'".formatted(config.cniVersion()));
    }
    if (!cniConf.isObject()) {
      return;
    }
    ObjectNode found = cniConf.deepCopy();
    ObjectNode ours = JSON.valueToTree(NetConf.cniConf(config.cniVersion(), OptionalInt.empty()));
    Map<String, JsonNode> plugins = byType(found.remove("plugins"));
    Map<String, JsonNode> ourPlugins = byType(ours.remove("plugins"));
    found.remove("cniVersion");
    ours.remove("cniVersion");
    compare("", found, ours);
    plugins.forEach(
        (type, plugin) -> {
          if (!ourPlugins.containsKey(type)) {
            cniConf("plugin " + type);
          } else {
            if (plugin.path("delegate") instanceof ObjectNode delegate) {
              delegate.remove("mtu");
            }
            compare("plugin %s, ".formatted(type), plugin, ourPlugins.get(type));
          }
        });
    ourPlugins.keySet().stream()
        .filter(type -> !plugins.containsKey(type))
        .forEach(type -> cniConf("without plugin " + type));
  }

  private static Map<String, JsonNode> byType(JsonNode plugins) {
    Map<String, JsonNode> byType = new TreeMap<>();
    if (plugins != null) {
      plugins.forEach(plugin -> byType.put(plugin.path("type").asText("?"), plugin));
    }
    return byType;
  }

  /** Names every leaf that differs. */
  private void compare(String path, JsonNode found, JsonNode ours) {
    if (found.isObject() && ours.isObject()) {
      String inside = path.isEmpty() || path.endsWith(", ") ? path : path + ".";
      for (var field : found.properties()) {
        compare(
            PrintableText.cut(inside + field.getKey(), SETTING_LENGTH),
            field.getValue(),
            ours.path(field.getKey()));
      }
      for (var field : ours.properties()) {
        if (!found.has(field.getKey())) {
          cniConf("without " + inside + field.getKey());
        }
      }
    } else if (!found.equals(ours)) {
      cniConf("%s %s".formatted(path, found));
    }
  }

  private void netConf(String setting) {
    add("net-conf.json: " + setting);
  }

  private void cniConf(String setting) {
    add("cni-conf.json: " + setting);
  }

  private void add(String setting) {
    if (unsupported.size() < MOST_SETTINGS) {
      unsupported.add(PrintableText.cut(setting, SETTING_LENGTH));
    }
  }
}

package io.flannel.operator.decide.change;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.Quantity;
import io.flannel.operator.flannel.Backend;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.NetConf;
import io.flannel.operator.flannel.PodTemplate;
import io.flannel.operator.flannel.Pods;
import io.flannel.operator.flannel.live.AppliedConfig;
import io.flannel.operator.flannel.live.LiveFlannel;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The differences between a wanted network and the running flannel, field by field, in the spec's
 * words. Fields that do not change flannel's pods (rollout, health, deletionPolicy) are left out.
 */
public final class SpecDiff {
  /** Decimal places of resources: the API server rounds them up to thousandths. */
  private static final int RESOURCE_DIGITS = 3;

  private static final ObjectMapper JSON = new ObjectMapper();

  private SpecDiff() {}

  /** Returns the differences in the order of the spec; empty if there is nothing to do. */
  public static List<FieldDiff> between(LiveFlannel live, DesiredNetwork wanted) {
    String hash = NetConf.of(wanted).hash();
    boolean sameConfig = live.configHash().equals(hash);
    List<FieldDiff> differences = new ArrayList<>();
    if (!sameConfig) {
      live.config().ifPresent(it -> differences.addAll(between(it, AppliedConfig.of(wanted))));
    }
    differences.addAll(between(live.template(), PodTemplate.of(wanted)));
    // The live configuration can't be read, or differs in what a FlannelNetwork has no field for.
    if (!sameConfig && (live.config().isEmpty() || differences.isEmpty())) {
      differences.addFirst(
          new FieldDiff("configuration", Optional.of(live.configHash()), Optional.of(hash)));
    }
    return List.copyOf(differences);
  }

  /** Compares the configurations. */
  public static List<FieldDiff> between(AppliedConfig live, AppliedConfig wanted) {
    Map<String, String> before = new LinkedHashMap<>();
    Map<String, String> after = new LinkedHashMap<>();
    config(live, wanted, before);
    config(wanted, live, after);
    return differing(before, after);
  }

  /** Compares how the pods are made. */
  public static List<FieldDiff> between(PodTemplate live, PodTemplate wanted) {
    Map<String, String> before = new LinkedHashMap<>();
    Map<String, String> after = new LinkedHashMap<>();
    template(live, wanted, before);
    template(wanted, wanted, after);
    return differing(before, after);
  }

  private static List<FieldDiff> differing(Map<String, String> before, Map<String, String> after) {
    Set<String> fields = new LinkedHashSet<>(after.keySet());
    fields.addAll(before.keySet());
    List<FieldDiff> differences = new ArrayList<>();
    for (String field : fields) {
      Optional<String> from = Optional.ofNullable(before.get(field));
      Optional<String> to = Optional.ofNullable(after.get(field));
      if (!from.equals(to)) {
        differences.add(new FieldDiff(field, from, to));
      }
    }
    return differences;
  }

  private static void config(
      AppliedConfig config, AppliedConfig other, Map<String, String> fields) {
    config.cidr().map(Cidr::toString).ifPresent(cidr -> fields.put("cidr", cidr));
    config.ipv6Cidr().map(Cidr::toString).ifPresent(cidr -> fields.put("ipv6CIDR", cidr));
    fields.put("backend.type", config.backendType());
    fields.put("backend.directRouting", String.valueOf(config.directRouting()));
    Map<String, String> options = options(config.backend());
    if (!config.backendType().equals(other.backendType())) {
      // Defaults of a backend that the other side doesn't have say nothing.
      Optional<Backend> usual = config.backend().map(backend -> Backend.usual(backend.type()));
      options.entrySet().removeAll(options(usual).entrySet());
    }
    fields.putAll(options);
    config.mtu().ifPresent(mtu -> fields.put("mtu", String.valueOf(mtu)));
    fields.put("nftables", String.valueOf(config.nftables()));
    fields.put("cni.version", config.cniVersion());
  }

  /** Options that only one backend has. Each is a field of an object in the spec. */
  private static Map<String, String> options(Optional<Backend> backend) {
    Map<String, String> options = new LinkedHashMap<>();
    JsonNode spec = JSON.valueToTree(backend.map(Backend::spec).orElse(null));
    for (var part : spec.properties()) {
      for (var field : part.getValue().properties()) {
        String name = "backend.%s.%s".formatted(part.getKey(), field.getKey());
        options.put(name, field.getValue().asText());
      }
    }
    return options;
  }

  /**
   * Adds how the pods are made.
   *
   * @param asked the wanted template: what it leaves to Kubernetes is not compared
   */
  private static void template(PodTemplate pods, PodTemplate asked, Map<String, String> fields) {
    pods.psk()
        .ifPresent(
            psk -> fields.put("backend.wireguard.pskSecret", psk.secret() + "/" + psk.key()));
    putList(fields, "interface", pods.interfaceArgs());
    fields.put("ipMasq", String.valueOf(pods.ipMasq()));
    fields.put("cni.binDir", pods.cniBinDir());
    fields.put("cni.confDir", pods.cniConfDir());
    fields.put("flannel.image", pods.image());
    fields.put("flannel.cniPluginImage", pods.cniPluginImage());
    if (asked.imagePullPolicy().isPresent()) {
      fields.put("flannel.imagePullPolicy", pods.imagePullPolicy().orElse(""));
    }
    putList(fields, "flannel.imagePullSecrets", pods.imagePullSecrets().stream().sorted().toList());
    putList(fields, "flannel.resources.limits", amounts(pods.limits()));
    putList(fields, "flannel.resources.requests", amounts(pods.requests()));
    putList(
        fields, "flannel.tolerations", pods.tolerations().stream().map(SpecDiff::said).toList());
    putList(
        fields,
        "flannel.nodeSelector",
        new TreeMap<>(pods.nodeSelector())
            .entrySet().stream().map(entry -> entry.getKey() + "=" + entry.getValue()).toList());
    putList(fields, "flannel.extraArgs", pods.extraArgs());
  }

  /** Formats it as {@code kubectl describe} does: {@code key=value:NoExecute for 60s}. */
  private static String said(Pods.Toleration toleration) {
    return (toleration.key() == null ? "*" : toleration.key())
        + (toleration.value() == null ? "" : "=" + toleration.value())
        + (toleration.effect() == null ? "" : ":" + toleration.effect())
        + (toleration.operator().equals("Exists") ? " op=Exists" : "")
        + (toleration.seconds() == null ? "" : " for " + toleration.seconds() + "s");
  }

  private static void putList(Map<String, String> fields, String field, List<String> list) {
    if (!list.isEmpty()) {
      fields.put(field, String.join(" ", list));
    }
  }

  /** Formats amounts as numbers: 0.1 and 100m are the same, and the API server rewrites them. */
  private static List<String> amounts(Map<String, Quantity> quantities) {
    return new TreeMap<>(quantities)
        .entrySet().stream().map(entry -> entry.getKey() + "=" + number(entry.getValue())).toList();
  }

  private static String number(Quantity quantity) {
    BigDecimal amount = quantity.getNumericalAmount();
    return amount
        .setScale(RESOURCE_DIGITS, RoundingMode.CEILING)
        .stripTrailingZeros()
        .toPlainString();
  }
}

package io.flannel.operator.observe;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.flannel.operator.flannel.foreign.AdoptionMark;
import io.flannel.operator.render.Flannel;
import io.flannel.operator.render.NetConfConfigMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Objects with the names that upstream's flannel uses, in any namespace. Most are a few kB, but
 * anybody with a namespace may create one larger than 1 MB. Only what is read of them is kept, and
 * no more of it than a real flannel may have.
 */
final class Namesakes {
  /**
   * Maximum length of both files of a ConfigMap together, in characters; longer ones are not read.
   * flannel's own have 1 kB.
   */
  static final int LONGEST_CONFIG = 65_536;

  /** Maximum number of a ServiceAccount's pull secrets that are kept. */
  static final int MOST_SECRETS = 64;

  private static final Set<String> FILES =
      Set.of(NetConfConfigMap.NET_CONF, NetConfConfigMap.CNI_CONF);

  private Namesakes() {}

  /**
   * Keeps a ConfigMap's two files. If they are too long, it keeps neither, as if the ConfigMap had
   * no configuration.
   */
  static ConfigMap slim(ConfigMap configMap) {
    Map<String, String> files = only(FILES, configMap.getData());
    int length = files.values().stream().mapToInt(String::length).sum();
    return new ConfigMapBuilder()
        .withMetadata(slim(configMap.getMetadata()))
        .withData(length <= LONGEST_CONFIG ? files : Map.of())
        .build();
  }

  /**
   * Keeps a ServiceAccount's pull secrets. The operator's own is kept whole, since the operator
   * writes it.
   */
  static ServiceAccount slim(ServiceAccount account) {
    return Flannel.NAMESPACE.equals(account.getMetadata().getNamespace())
        ? account
        : new ServiceAccountBuilder()
            .withMetadata(slim(account.getMetadata()))
            .withImagePullSecrets(some(account.getImagePullSecrets()))
            .build();
  }

  /** Keeps what identifies an object, and whether it is the operator's own or is being adopted. */
  static ObjectMeta slim(ObjectMeta meta) {
    return Identity.of(meta)
        .withGeneration(meta.getGeneration())
        .withLabels(only(Flannel.OWN_LABELS, meta.getLabels()))
        .withAnnotations(only(Set.of(AdoptionMark.KEY), meta.getAnnotations()))
        .withManagedFields(AdoptionMark.writers(meta))
        .build();
  }

  private static Map<String, String> only(Set<String> keys, @Nullable Map<String, String> map) {
    Map<String, String> only = new TreeMap<>();
    if (map != null) {
      keys.stream()
          .filter(key -> map.get(key) != null)
          .forEach(key -> only.put(key, Objects.requireNonNull(map.get(key))));
    }
    return only;
  }

  /**
   * Replaces the secrets beyond the maximum by one with an impossible name, so that a shortened
   * list never equals a complete one.
   */
  private static List<LocalObjectReference> some(List<LocalObjectReference> secrets) {
    if (secrets.size() <= MOST_SECRETS) {
      return secrets;
    }
    List<LocalObjectReference> some = new ArrayList<>(secrets.subList(0, MOST_SECRETS));
    some.add(new LocalObjectReference("%d more".formatted(secrets.size() - MOST_SECRETS)));
    return some;
  }
}

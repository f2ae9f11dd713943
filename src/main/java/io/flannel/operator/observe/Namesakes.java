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
 * Objects that are named as upstream's flannel names its own, in whatever namespace. Most are some
 * kB; but whoever has a namespace may make one there, of more than 1 MB. What is read of them is
 * kept, and of that no more than a flannel's own may have.
 */
final class Namesakes {
  /** Both files of a ConfigMap, in characters: a longer one is not read. Flannel's own has 1 kB. */
  static final int LONGEST_CONFIG = 65_536;

  /** Pull secrets of a ServiceAccount. */
  static final int MOST_SECRETS = 64;

  private static final Set<String> FILES =
      Set.of(NetConfConfigMap.NET_CONF, NetConfConfigMap.CNI_CONF);

  private Namesakes() {}

  /** Of a ConfigMap its two files; of a longer one none, as if it had no configuration. */
  static ConfigMap slim(ConfigMap configMap) {
    Map<String, String> files = only(FILES, configMap.getData());
    int length = files.values().stream().mapToInt(String::length).sum();
    return new ConfigMapBuilder()
        .withMetadata(slim(configMap.getMetadata()))
        .withData(length <= LONGEST_CONFIG ? files : Map.of())
        .build();
  }

  /** Of a ServiceAccount its pull secrets; ours is kept whole, since it is written. */
  static ServiceAccount slim(ServiceAccount account) {
    return Flannel.NAMESPACE.equals(account.getMetadata().getNamespace())
        ? account
        : new ServiceAccountBuilder()
            .withMetadata(slim(account.getMetadata()))
            .withImagePullSecrets(some(account.getImagePullSecrets()))
            .build();
  }

  /** What it is told apart by, and whether it is ours or is being taken over. */
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

  /** Those beyond are one that can't be: what is left out must not look as if it were equal. */
  private static List<LocalObjectReference> some(List<LocalObjectReference> secrets) {
    if (secrets.size() <= MOST_SECRETS) {
      return secrets;
    }
    List<LocalObjectReference> some = new ArrayList<>(secrets.subList(0, MOST_SECRETS));
    some.add(new LocalObjectReference("%d more".formatted(secrets.size() - MOST_SECRETS)));
    return some;
  }
}

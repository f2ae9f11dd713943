package io.flannel.operator.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GuardedStoreTest {
  private final GuardedStore<ConfigMap, ConfigMap> store = GuardedStore.of(GuardedStoreTest::judge);

  private static ConfigMap judge(ConfigMap configMap) {
    return switch (configMap.getData().get("is")) {
      case "bad" -> throw new IllegalStateException("bad");
      case "deep" -> judge(configMap);
      default -> configMap;
    };
  }

  @Test
  void objectsThatCantBeJudgedAreLeftOutAndTheOthersGoOn() {
    assertThat(put("one", "good")).isNull();
    assertThat(put("two", "bad")).isNull();
    assertThat(put("three", "deep")).isNull();
    assertThat(store.keySet()).containsExactly("one");
    assertThat(put("two", "good")).isNull();
    assertThat(store.keySet()).containsExactlyInAnyOrder("one", "two");
  }

  @Test
  void itIsAsIfItWereNotThere() {
    put("one", "good");
    assertThat(put("one", "deep")).as("what was there before").isNotNull();
    assertThat(store.values()).isEmpty();
  }

  @Test
  void aFilterLetsItThrough() {
    ConfigMap good = configMap("one", "good");
    ConfigMap deep = configMap("one", "deep");
    var updated =
        GuardedStore.<ConfigMap>updated((now, before) -> judge(now) != now || judge(before) == now);
    assertThat(updated.accept(deep, good)).isTrue();
    assertThat(updated.accept(good, deep)).isTrue();
    assertThat(updated.accept(good, configMap("one", "good"))).isFalse();
    var added = GuardedStore.<ConfigMap>added(now -> judge(now) != now);
    assertThat(added.accept(deep)).isTrue();
    assertThat(added.accept(good)).isFalse();
    var deleted = GuardedStore.<ConfigMap>deleted(now -> judge(now) != now);
    assertThat(deleted.accept(deep, false)).isTrue();
    assertThat(deleted.accept(good, false)).isFalse();
  }

  private ConfigMap put(String name, String is) {
    ConfigMap configMap = configMap(name, is);
    return store.put(store.getKey(configMap), configMap);
  }

  private static ConfigMap configMap(String name, String is) {
    return new ConfigMapBuilder()
        .withNewMetadata()
        .withName(name)
        .endMetadata()
        .withData(Map.of("is", is))
        .build();
  }
}

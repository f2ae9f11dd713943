package io.flannel.operator.flannel;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.flannel.foreign.ForeignFlannel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** Flannels installed by upstream's manifest or chart: {@code src/test/resources/adoption}. */
public final class Installs {
  private static final Path FOLDER = Path.of("src/test/resources/adoption");

  private Installs() {}

  public static Path file(String name) {
    return FOLDER.resolve(name + ".yaml");
  }

  public static List<HasMetadata> objects(String name) {
    try {
      return Arrays.stream(Files.readString(file(name)).split("(?m)^---$"))
          .map(yaml -> (HasMetadata) Serialization.unmarshal(yaml))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static DaemonSet daemonSet(String name) {
    return only(DaemonSet.class, name);
  }

  public static ConfigMap configMap(String name) {
    return only(ConfigMap.class, name);
  }

  /** Returns the install as the operator reads it. */
  public static ForeignFlannel found(String name) {
    return ForeignFlannel.of(daemonSet(name), Optional.of(configMap(name)), Optional.empty());
  }

  /** Returns the install as the operator reads it, with another net-conf.json. */
  public static ForeignFlannel withNetConf(String name, String netConf) {
    return withFile(name, "net-conf.json", before -> netConf);
  }

  /**
   * Returns the install as the operator reads it, with one of the ConfigMap's two files changed.
   */
  public static ForeignFlannel withFile(String name, String key, UnaryOperator<String> change) {
    ConfigMap configMap = configMap(name);
    configMap.getData().compute(key, (any, before) -> change.apply(before));
    return ForeignFlannel.of(daemonSet(name), Optional.of(configMap), Optional.empty());
  }

  /** Returns the install as the operator reads it, with its DaemonSet changed. */
  public static ForeignFlannel with(String name, Consumer<DaemonSet> change) {
    DaemonSet daemonSet = daemonSet(name);
    change.accept(daemonSet);
    return ForeignFlannel.of(daemonSet, Optional.of(configMap(name)), Optional.empty());
  }

  /** Returns the install as the operator reads it, with these arguments of flanneld. */
  public static ForeignFlannel withArgs(String name, String... args) {
    return with(
        name,
        daemonSet -> {
          var flanneld = daemonSet.getSpec().getTemplate().getSpec().getContainers().getFirst();
          flanneld.setCommand(List.of("/opt/bin/flanneld"));
          flanneld.setArgs(new ArrayList<>(List.of(args)));
        });
  }

  private static <T extends HasMetadata> T only(Class<T> kind, String name) {
    return objects(name).stream()
        .filter(kind::isInstance)
        .map(kind::cast)
        .findFirst()
        .orElseThrow();
  }
}

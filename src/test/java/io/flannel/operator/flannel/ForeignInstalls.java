package io.flannel.operator.flannel;

import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.flannel.foreign.OtherDaemonSet;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Flannels that can't be taken over, as others bring them: {@code src/test/resources/foreign}. */
public final class ForeignInstalls {
  private static final Path FOLDER = Path.of("src/test/resources/foreign");

  private ForeignInstalls() {}

  /**
   * The manifest of one: talos, rke2-canal, windows, or kube-flannel-ds-amd64, which is upstream's
   * under its name of before v0.13.
   */
  public static String manifest(String name) {
    try {
      return name.equals("kube-flannel-ds-amd64")
          ? Files.readString(Installs.file("ipip-in-kube-system"))
              .replace("name: kube-flannel-ds\n", "name: kube-flannel-ds-amd64\n")
          : Files.readString(FOLDER.resolve(name + ".yaml"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Its DaemonSet. */
  public static DaemonSet daemonSet(String name) {
    return Arrays.stream(manifest(name).split("(?m)^---$"))
        .map(yaml -> (Object) Serialization.unmarshal(yaml))
        .filter(DaemonSet.class::isInstance)
        .map(DaemonSet.class::cast)
        .findFirst()
        .orElseThrow();
  }

  /** Its DaemonSet, read. */
  public static OtherDaemonSet other(String name) {
    return OtherDaemonSet.of(daemonSet(name));
  }
}

package io.flannel.operator.flannel;

import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.flannel.foreign.OtherDaemonSet;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Flannels that others install and that can't be adopted: {@code src/test/resources/foreign}. */
public final class ForeignInstalls {
  private static final Path FOLDER = Path.of("src/test/resources/foreign");

  private ForeignInstalls() {}

  /**
   * Returns a manifest.
   *
   * @param name talos, rke2-canal, windows, or kube-flannel-ds-amd64, which is upstream's under its
   *     name from before v0.13
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

  public static DaemonSet daemonSet(String name) {
    return Arrays.stream(manifest(name).split("(?m)^---$"))
        .map(yaml -> (Object) Serialization.unmarshal(yaml))
        .filter(DaemonSet.class::isInstance)
        .map(DaemonSet.class::cast)
        .findFirst()
        .orElseThrow();
  }

  /** Returns the manifest's DaemonSet as the operator reads it. */
  public static OtherDaemonSet other(String name) {
    return OtherDaemonSet.of(daemonSet(name));
  }

  /** The DaemonSet without any pod, as Kubernetes counted. */
  public static DaemonSet withoutPods(String name) {
    return counted(name, 0);
  }

  /** The DaemonSet whose pods are not there yet, as Kubernetes counted. */
  public static DaemonSet counted(String name, int desired) {
    return daemonSet(name)
        .edit()
        .editMetadata()
        .withGeneration(2L)
        .endMetadata()
        .withNewStatus()
        .withObservedGeneration(2L)
        .withDesiredNumberScheduled(desired)
        .withCurrentNumberScheduled(0)
        .withNumberMisscheduled(0)
        .endStatus()
        .build();
  }
}

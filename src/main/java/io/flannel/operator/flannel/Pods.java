package io.flannel.operator.flannel;

import io.fabric8.kubernetes.api.model.Quantity;
import io.flannel.operator.api.FlannelSpec;
import io.flannel.operator.api.FlannelSpec.TolerationSpec;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * flannel's own pods, with every default filled in.
 *
 * @param image flanneld's image
 * @param cniPluginImage the image that carries the CNI plugin
 * @param imagePullPolicy as Kubernetes writes it; empty for Kubernetes' default for the tag
 * @param nodeSelector labels of the nodes that get flannel, including {@code kubernetes.io/os:
 *     linux}
 * @param extraArgs additional arguments of flanneld
 */
public record Pods(
    String image,
    String cniPluginImage,
    Optional<String> imagePullPolicy,
    List<String> imagePullSecrets,
    Map<String, Quantity> limits,
    Map<String, Quantity> requests,
    List<Toleration> tolerations,
    Map<String, String> nodeSelector,
    List<String> extraArgs) {

  /** flanneld's image, with which this version of the operator was tested. */
  public static final String DEFAULT_IMAGE = "ghcr.io/flannel-io/flannel:v0.28.10";

  /** The CNI plugin's image that belongs to it. */
  public static final String DEFAULT_CNI_PLUGIN_IMAGE =
      "ghcr.io/flannel-io/flannel-cni-plugin:v1.9.1-flannel3";

  /** Upstream's own requests (Documentation/kube-flannel.yml). */
  private static final Map<String, Quantity> DEFAULT_REQUESTS =
      sorted(Map.of("cpu", new Quantity("100m"), "memory", new Quantity("50Mi")));

  /** Without flannel a node has no pod network, so tolerate whatever keeps other pods away. */
  private static final List<Toleration> DEFAULT_TOLERATIONS =
      List.of(
          new Toleration(null, "Exists", null, "NoSchedule", null),
          new Toleration(null, "Exists", null, "NoExecute", null));

  /**
   * Tolerations that Kubernetes adds to the pods of every DaemonSet on the host's network
   * (Kubernetes, pkg/controller/daemon/util/daemonset_util.go).
   */
  private static final List<Toleration> DAEMON_TOLERATIONS =
      List.of(
          exists("not-ready", "NoExecute"),
          exists("unreachable", "NoExecute"),
          exists("disk-pressure", "NoSchedule"),
          exists("memory-pressure", "NoSchedule"),
          exists("pid-pressure", "NoSchedule"),
          exists("unschedulable", "NoSchedule"),
          exists("network-unavailable", "NoSchedule"));

  private static Toleration exists(String key, String effect) {
    return new Toleration("node.kubernetes.io/" + key, "Exists", null, effect, null);
  }

  /**
   * A Kubernetes toleration.
   *
   * @param seconds how long a NoExecute taint is tolerated; null means forever
   */
  public record Toleration(
      @Nullable String key,
      String operator,
      @Nullable String value,
      @Nullable String effect,
      @Nullable Long seconds) {

    static Toleration of(TolerationSpec spec) {
      return new Toleration(
          emptyToNull(spec.key()),
          spec.operator() == TolerationSpec.Operator.EXISTS ? "Exists" : "Equal",
          emptyToNull(spec.value()),
          spec.effect() == null
              ? null
              : switch (spec.effect()) {
                case NO_SCHEDULE -> "NoSchedule";
                case PREFER_NO_SCHEDULE -> "PreferNoSchedule";
                case NO_EXECUTE -> "NoExecute";
              },
          spec.tolerationSeconds());
    }

    private static @Nullable String emptyToNull(@Nullable String text) {
      return text == null || text.isEmpty() ? null : text;
    }

    /** Whether this toleration matches the taint, by Kubernetes' rules. */
    boolean bears(ClusterNode.Taint taint) {
      boolean keyFits = key == null ? operator.equals("Exists") : key.equals(taint.key());
      boolean valueFits =
          operator.equals("Exists") || (value == null ? "" : value).equals(taint.value());
      return keyFits && valueFits && (effect == null || effect.equals(taint.effect()));
    }
  }

  static Pods of(@Nullable FlannelSpec spec) {
    if (spec == null) {
      spec = new FlannelSpec(null, null, null, null, null, null, null, null);
    }
    FlannelSpec.Resources resources = spec.resources();
    Map<String, String> nodeSelector = new TreeMap<>();
    if (spec.nodeSelector() != null) {
      nodeSelector.putAll(spec.nodeSelector());
    }
    nodeSelector.put("kubernetes.io/os", "linux");
    return new Pods(
        spec.image() == null ? DEFAULT_IMAGE : spec.image(),
        spec.cniPluginImage() == null ? DEFAULT_CNI_PLUGIN_IMAGE : spec.cniPluginImage(),
        Optional.ofNullable(spec.imagePullPolicy())
            .map(
                policy ->
                    switch (policy) {
                      case ALWAYS -> "Always";
                      case IF_NOT_PRESENT -> "IfNotPresent";
                      case NEVER -> "Never";
                    }),
        spec.imagePullSecrets() == null
            ? List.of()
            : spec.imagePullSecrets().stream().map(FlannelSpec.PullSecret::name).toList(),
        resources == null || resources.limits() == null ? Map.of() : resources.limits(),
        resources == null || resources.requests() == null ? DEFAULT_REQUESTS : resources.requests(),
        spec.tolerations() == null
            ? DEFAULT_TOLERATIONS
            : spec.tolerations().stream().map(Toleration::of).toList(),
        Collections.unmodifiableMap(nodeSelector),
        spec.extraArgs() == null ? List.of() : spec.extraArgs());
  }

  /**
   * Whether the DaemonSet puts a pod on the node: its labels match and its taints are tolerated.
   */
  public boolean runOn(ClusterNode node) {
    return runOn(node, nodeSelector, tolerations);
  }

  /** Whether a DaemonSet with this node selector and these tolerations puts a pod on the node. */
  static boolean runOn(
      ClusterNode node, Map<String, String> nodeSelector, List<Toleration> tolerations) {
    return node.labels().entrySet().containsAll(nodeSelector.entrySet())
        && node.taints().stream()
            .filter(taint -> !taint.effect().equals("PreferNoSchedule"))
            .allMatch(
                taint ->
                    Stream.concat(DAEMON_TOLERATIONS.stream(), tolerations.stream())
                        .anyMatch(one -> one.bears(taint)));
  }

  /** Sorts the entries by key, so that they always render as the same text. */
  private static <V> Map<String, V> sorted(Map<String, V> map) {
    return Collections.unmodifiableMap(new TreeMap<>(map));
  }

  /** When the kubelet pulls an image if the pod does not say so (Kubernetes' defaulting). */
  public static String defaultPullPolicy(String image) {
    return versionOf(image).equals("latest") ? "Always" : "IfNotPresent";
  }

  /** flannel's version: the image's tag or digest. */
  public static String versionOf(String image) {
    int digest = image.indexOf('@');
    if (digest >= 0) {
      return image.substring(digest + 1);
    }
    int tag = image.lastIndexOf(':');
    return tag > image.lastIndexOf('/') ? image.substring(tag + 1) : "latest";
  }
}

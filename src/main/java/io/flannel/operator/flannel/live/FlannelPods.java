package io.flannel.operator.flannel.live;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** flannel's pods, and the configurations that the cluster holds for them. */
public final class FlannelPods {
  /** Where no flannel runs. */
  public static final FlannelPods NONE = new FlannelPods(List.of(), Map.of());

  private final List<FlannelPod> all;
  private final Map<String, AppliedConfig> configs;
  private final Map<String, FlannelPod> byNode;

  /**
   * @param all those that are not being deleted, sorted by node
   * @param configs the readable ConfigMaps by hash, the youngest first: of the current
   *     configuration, of the pods that a rollout has not reached yet, and some earlier ones
   */
  public FlannelPods(List<FlannelPod> all, Map<String, AppliedConfig> configs) {
    this.all = all;
    this.configs = configs;
    // It is looked up for each pair of nodes.
    this.byNode =
        all.stream()
            .collect(Collectors.toMap(FlannelPod::node, Function.identity(), (first, _) -> first));
  }

  /** All that are not being deleted, sorted by node. */
  public List<FlannelPod> all() {
    return all;
  }

  /** The readable ConfigMaps by hash, the youngest first. */
  public Map<String, AppliedConfig> configs() {
    return configs;
  }

  /** A node's pod; empty if it has none, or none yet. */
  public Optional<FlannelPod> on(String node) {
    return Optional.ofNullable(byNode.get(node));
  }

  /** The pods of a revision. */
  public Stream<FlannelPod> of(String revision) {
    return all.stream().filter(pod -> pod.revision().equals(revision));
  }

  /** Whether any pod has another revision. */
  public boolean hasOthersThan(String revision) {
    return all.stream().anyMatch(pod -> !pod.revision().equals(revision));
  }

  /** What a pod's ConfigMap says; empty if that is gone or unreadable. */
  public Optional<AppliedConfig> configOf(FlannelPod pod) {
    return Optional.ofNullable(configs.get(pod.configHash()));
  }
}

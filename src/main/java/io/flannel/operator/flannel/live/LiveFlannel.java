package io.flannel.operator.flannel.live;

import io.flannel.operator.flannel.PodTemplate;
import java.util.Optional;

/**
 * The flannel that runs now, read back from its DaemonSet and the ConfigMap that the DaemonSet's
 * pods mount.
 *
 * @param configHash the hash in the ConfigMap's name
 * @param config what that ConfigMap says; empty if it is gone or not JSON
 * @param template how its pods are made
 * @param pods Kubernetes' counts of the DaemonSet's pods
 * @param marks what the DaemonSet records of its rollouts
 */
public record LiveFlannel(
    String configHash,
    Optional<AppliedConfig> config,
    PodTemplate template,
    PodCounts pods,
    RolloutAnnotations marks) {

  /** flanneld's image. */
  public String image() {
    return template.image();
  }

  /**
   * Kubernetes' counts of a DaemonSet's pods.
   *
   * @param observed whether they refer to the DaemonSet's current generation
   * @param desired nodes that should run a pod
   * @param scheduled those of them that run one, of whichever template
   * @param updated nodes whose pod has the current template
   * @param available nodes whose pod is ready
   */
  public record PodCounts(
      boolean observed, int desired, int scheduled, int updated, int available) {
    /** Whether every node runs a ready pod of the current template. */
    public boolean complete() {
      return completeWithout(0, 0);
    }

    /**
     * Like {@link #complete}, but leaves out nodes that are away.
     *
     * @param away how many nodes may be without a ready pod
     * @param outdated how many of these may be without a pod of the current template
     */
    public boolean completeWithout(int away, int outdated) {
      return observed && updated + outdated >= desired && available + away >= desired;
    }

    /** Whether no node runs a pod of an older template; nodes without any pod don't count. */
    public boolean noneOutdated() {
      return observed && updated >= scheduled;
    }
  }
}

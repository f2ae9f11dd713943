package io.flannel.operator.flannel.live;

import io.flannel.operator.flannel.PodTemplate;
import java.util.Optional;

/**
 * The flannel that runs now, read back from its DaemonSet and the ConfigMap that this one's pods
 * mount.
 *
 * @param configHash the hash in the ConfigMap's name
 * @param config what that ConfigMap says; empty if it is gone or no JSON
 * @param template how its pods are made
 * @param pods how far the DaemonSet's pods are
 * @param marks what it remembers of its rollouts
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
   * @param observed whether they speak of the DaemonSet's present generation
   * @param desired nodes that shall run a pod
   * @param scheduled those of them that run one, of whichever template
   * @param updated nodes whose pod has the present template
   * @param available nodes whose pod is ready
   */
  public record PodCounts(
      boolean observed, int desired, int scheduled, int updated, int available) {
    /** Whether every node runs a ready pod of the present template. */
    public boolean complete() {
      return completeWithout(0, 0);
    }

    /**
     * The same of the nodes that are there.
     *
     * @param away so many have no ready pod, and it does not matter
     * @param outdated so many of these have no pod of the present template
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

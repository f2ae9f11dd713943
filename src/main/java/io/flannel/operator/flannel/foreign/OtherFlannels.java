package io.flannel.operator.flannel.foreign;

import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

/**
 * Signs of flannels beside those whose DaemonSet is named as upstream's.
 *
 * @param daemonSets DaemonSets of other names that run a flannel, or that name something that a
 *     flannel has; by namespace and name
 * @param subjects whom the ClusterRoleBinding {@code flannel} gives its rights now, beside our own
 *     ServiceAccount; not those that are known to be gone
 * @param traces what this operator wrote that is still there
 */
public record OtherFlannels(
    List<OtherDaemonSet> daemonSets, List<BindingSubject> subjects, List<Trace> traces) {
  /** None. */
  public static final OtherFlannels NONE = new OtherFlannels(List.of(), List.of(), List.of());

  /**
   * An object that this operator wrote.
   *
   * @param network the FlannelNetwork that it was written for
   * @param config whether it is a configuration, which nobody else writes
   */
  public record Trace(String network, Instant created, boolean config) {}

  /** Those that run a flannel on nodes that ours would run on as well. */
  public Stream<OtherDaemonSet> onLinux() {
    return daemonSets.stream().filter(OtherDaemonSet::runsFlannelOnLinux);
  }

  /** Whether the pods of one of the DaemonSets have the rights of a subject. */
  public boolean uses(BindingSubject subject) {
    return subject.isAccount()
        && daemonSets.stream()
            .anyMatch(one -> one.usesAccount(subject.namespace(), subject.name()));
  }
}

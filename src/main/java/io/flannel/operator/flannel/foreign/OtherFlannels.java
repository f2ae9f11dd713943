package io.flannel.operator.flannel.foreign;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Signs of flannels other than those whose DaemonSet has upstream's name.
 *
 * @param daemonSets DaemonSets of other names that run flannel or reference an object that a
 *     flannel has; by namespace and name
 * @param subjects subjects to which the ClusterRoleBinding {@code flannel} now grants its rights,
 *     without our own ServiceAccount and those known to be gone
 * @param otherRole the role that this binding grants, as Kind name, if it is not the ClusterRole
 *     {@code flannel}: a binding's role can't be changed
 * @param traces objects that this operator wrote and that still exist
 */
public record OtherFlannels(
    List<OtherDaemonSet> daemonSets,
    List<BindingSubject> subjects,
    Optional<String> otherRole,
    List<Trace> traces) {
  public static final OtherFlannels NONE =
      new OtherFlannels(List.of(), List.of(), Optional.empty(), List.of());

  /**
   * An object that this operator wrote.
   *
   * @param network the FlannelNetwork that it was written for
   * @param config whether it is a configuration, which only this operator writes
   */
  public record Trace(String network, Instant created, boolean config) {}

  /** Those that run flannel on nodes where ours would run, too. */
  public Stream<OtherDaemonSet> onLinux() {
    return daemonSets.stream().filter(OtherDaemonSet::runsFlannelOnLinux);
  }

  /** Whether the pods of one of the DaemonSets have the subject's rights. */
  public boolean uses(BindingSubject subject) {
    return subject.isAccount()
        && daemonSets.stream()
            .anyMatch(one -> one.usesAccount(subject.namespace(), subject.name()));
  }
}

package io.flannel.operator.decide.health;

import io.flannel.operator.flannel.DesiredNetwork.Health;
import java.time.Duration;

/**
 * How long a judge waits for more evidence. Peers notice a loss within one interval of each other,
 * and a node's own checks come as often; named too early, one fault would go by several names.
 */
record ConfirmationDelays(Health health) {
  private static final Duration CHECKS = Duration.ofSeconds(2);
  private static final Duration QUESTION = Duration.ofSeconds(1);
  private static final Duration DELIVERY = Duration.ofMillis(500);

  /** Until everyone who probes the same node has noticed, and the node's own checks are done. */
  Duration forTheOthers() {
    Duration interval = health.interval();
    return (interval.compareTo(CHECKS) > 0 ? interval : CHECKS).plus(DELIVERY);
  }

  /** As {@link #forTheOthers()}, less the second in which a node did not say that it is alive. */
  Duration afterTheLastQuestion() {
    return forTheOthers().minus(QUESTION);
  }

  /**
   * As {@link #forTheOthers()} where one end alone says that it hears nothing, and the other may
   * say so yet.
   */
  Duration forTheOtherEnd() {
    return forTheOthers().multipliedBy(2);
  }

  /** Until lost packets that are the beginning of a dead path have become one. */
  Duration forTheRestOfALoss() {
    return health.interval().multipliedBy(health.failAfter() - 1);
  }

  /** Until probes pass again after what cut them was mended: so many answers in a row, and one. */
  Duration forProbesToPass() {
    return health.interval().multipliedBy(health.failAfter() + 1L).plus(CHECKS);
  }

  /**
   * Where two hear nothing of each other, though both are up: agents that restart one after the
   * other, as at an upgrade, look like that until both have reported again.
   */
  Duration forAgentsToStart() {
    return Duration.ofSeconds(60);
  }

  /**
   * Until a node that boots has its tunnels again: kubelet restarts flannel's pod, and flanneld
   * makes what the boot took.
   */
  Duration forNodesToBoot() {
    return Duration.ofSeconds(60);
  }

  /**
   * Where a node alone says that it hears nobody: all others may have died at once, which the
   * control plane knows after 50 s (kube-controller-manager's --node-monitor-grace-period).
   */
  Duration forTheControlPlane() {
    return Duration.ofSeconds(60);
  }
}

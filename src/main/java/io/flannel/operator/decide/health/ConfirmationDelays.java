package io.flannel.operator.decide.health;

import io.flannel.operator.flannel.DesiredNetwork.Health;
import java.time.Duration;

/**
 * How long to wait for more evidence before naming a cause. Peers notice a loss within one interval
 * of each other, and a node's own checks run as often. Named too early, one fault would appear
 * under several names.
 */
record ConfirmationDelays(Health health) {
  private static final Duration CHECKS = Duration.ofSeconds(2);
  private static final Duration QUESTION = Duration.ofSeconds(1);
  private static final Duration DELIVERY = Duration.ofMillis(500);

  /** Time until every prober of a node has noticed and the node's own checks are done. */
  Duration forTheOthers() {
    Duration interval = health.interval();
    return (interval.compareTo(CHECKS) > 0 ? interval : CHECKS).plus(DELIVERY);
  }

  /**
   * As {@link #forTheOthers()}, less the second already spent waiting for the node to answer that
   * it is alive.
   */
  Duration afterTheLastQuestion() {
    return forTheOthers().minus(QUESTION);
  }

  /**
   * As {@link #forTheOthers()}, where only one end says that it hears nothing and the other may yet
   * say so.
   */
  Duration forTheOtherEnd() {
    return forTheOthers().multipliedBy(2);
  }

  /** Time until packet loss that is the beginning of a dead path has become a dead path. */
  Duration forTheRestOfALoss() {
    return health.interval().multipliedBy(health.failAfter() - 1);
  }

  /**
   * Time until probes pass again after a fault is mended: {@code failAfter} answers in a row, and
   * one more.
   */
  Duration forProbesToPass() {
    return health.interval().multipliedBy(health.failAfter() + 1L).plus(CHECKS);
  }

  /**
   * For two nodes that hear nothing of each other though both are up. Agents that restart one after
   * the other, as in an upgrade, look like that until both have reported again.
   */
  Duration forAgentsToStart() {
    return Duration.ofSeconds(60);
  }

  /**
   * Time until a node that boots has its tunnels again: kubelet restarts flannel's pod, and
   * flanneld recreates what the boot removed.
   */
  Duration forNodesToBoot() {
    return Duration.ofSeconds(60);
  }

  /**
   * For a node that alone says that it hears nobody. All others may have died at once, which the
   * control plane knows after 50 s (kube-controller-manager's --node-monitor-grace-period).
   */
  Duration forTheControlPlane() {
    return Duration.ofSeconds(60);
  }
}

package io.flannel.operator.reconcile;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

/**
 * Whatever agents, kubelets and other controllers write is decoded and judged without an exception:
 * 100,000 reports in many small clusters, with odd Nodes, DaemonSets, ConfigMaps, task results,
 * specs and statuses.
 */
class HostileReportsPropertyTest {
  private static final int TRIES = 100_000 / HostileCluster.NODES;

  /** No shrinking: the whole case derives from the seed. */
  @Property(tries = TRIES, shrinking = ShrinkingMode.OFF)
  void noReportEndsAPass(@ForAll long seed) {
    new HostileCluster(seed).pass();
  }
}

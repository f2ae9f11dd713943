package io.flannel.operator.reconcile;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

/**
 * Whatever agents, kubelets and other controllers write is decoded and decided upon without an
 * exception: 100,000 reports, in many small clusters, with odd Nodes, DaemonSets, ConfigMaps,
 * results of steps, specs and statuses.
 */
class HostileReportsPropertyTest {
  private static final int TRIES = 100_000 / HostileCluster.NODES;

  /** A seed tells all there is: nothing can be made smaller. */
  @Property(tries = TRIES, shrinking = ShrinkingMode.OFF)
  void noReportEndsAPass(@ForAll long seed) {
    new HostileCluster(seed).pass();
  }
}

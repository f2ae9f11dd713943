package io.flannel.operator.reconcile;

import io.smallrye.config.ConfigMapping;
import java.time.Duration;

/** The Lease by which the replicas agree on who acts, and how soon another takes over. */
@ConfigMapping(prefix = "flannel.leader-election")
public interface LeaseProperties {
  /** The name of the Lease. */
  String lease();

  String namespace();

  Duration leaseDuration();

  Duration renewDeadline();

  Duration retryPeriod();
}

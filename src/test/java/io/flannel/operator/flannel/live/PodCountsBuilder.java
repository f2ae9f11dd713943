package io.flannel.operator.flannel.live;

import io.flannel.operator.flannel.live.LiveFlannel.PodCounts;

/** A DaemonSet's counts for tests: {@code counts(3).updated(1).get()}. */
public final class PodCountsBuilder {
  private final int desired;
  private boolean observed = true;
  private int scheduled;
  private int updated;
  private int available;

  private PodCountsBuilder(int desired) {
    this.desired = desired;
    scheduled = desired;
    updated = desired;
    available = desired;
  }

  /** Starts with a ready pod of the current template on each of so many nodes. */
  public static PodCountsBuilder counts(int desired) {
    return new PodCountsBuilder(desired);
  }

  /** Makes them those of an earlier generation. */
  public PodCountsBuilder unobserved() {
    observed = false;
    return this;
  }

  public PodCountsBuilder scheduled(int nodes) {
    scheduled = nodes;
    return this;
  }

  public PodCountsBuilder updated(int nodes) {
    updated = nodes;
    return this;
  }

  public PodCountsBuilder available(int nodes) {
    available = nodes;
    return this;
  }

  public PodCounts get() {
    return new PodCounts(observed, desired, scheduled, updated, available);
  }
}

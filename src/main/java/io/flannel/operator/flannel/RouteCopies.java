package io.flannel.operator.flannel;

/**
 * Copies of flannel's routes, which carry packets while flannel puts another route in the place of
 * the first. The pods of a new configuration make them before flanneld starts.
 */
public final class RouteCopies {
  /** Worse than what flannel's routes have: 0, and for IPv6 the kernel's 1024. */
  public static final long METRIC = 4096;

  private RouteCopies() {}
}

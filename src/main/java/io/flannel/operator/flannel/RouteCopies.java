package io.flannel.operator.flannel;

/**
 * Copies of flannel's routes, which carry packets while flannel replaces the originals. The pods of
 * a new configuration make them before flanneld starts.
 */
public final class RouteCopies {
  /** Worse than the metrics of flannel's routes: 0, and for IPv6 the kernel's 1024. */
  public static final long METRIC = 4096;

  private RouteCopies() {}
}

package io.flannel.operator.api;

/** The form of durations in manifests. */
final class Durations {
  /** A sequence of decimal numbers with units, as Kubernetes writes them: 2s, 10m, 1h30m, 500ms. */
  static final String PATTERN = "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$";

  private Durations() {}
}

package io.flannel.operator.api;

/** The form of durations in manifests, as schema rules. */
final class DurationRules {
  /** A sequence of decimal numbers with units, as Kubernetes writes them: 2s, 10m, 1h30m, 500ms. */
  private static final String FORM = "self.matches('^([0-9]+([.][0-9]+)?(ms|s|m|h))+$')";

  /** A duration as Kubernetes writes it, from 1 s to 5 min. */
  static final String FROM_1S_TO_5M =
      FORM + " && duration(self) >= duration('1s') && duration(self) <= duration('5m')";

  /** A duration as Kubernetes writes it, from 30 s to 24 h. */
  static final String FROM_30S_TO_24H =
      FORM + " && duration(self) >= duration('30s') && duration(self) <= duration('24h')";

  private DurationRules() {}
}

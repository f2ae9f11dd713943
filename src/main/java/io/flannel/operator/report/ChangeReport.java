package io.flannel.operator.report;

import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Change.Impact;
import io.flannel.operator.decide.acceptance.SpecValidator;
import io.flannel.operator.decide.change.ChangeImpact;
import io.flannel.operator.decide.change.FieldDiff;
import java.util.Optional;

/**
 * The status' {@code change}: what the spec would change in the running flannel, and whether that
 * is carried out.
 */
final class ChangeReport {
  private ChangeReport() {}

  /** Returns the change; empty if there is nothing to change. */
  static Optional<FlannelNetworkStatus.Change> of(StatusInput situation) {
    ChangeImpact change = SpecValidator.change(situation.wanted(), situation.cluster());
    return switch (change) {
      case ChangeImpact.None _ -> Optional.empty();
      case ChangeImpact.Live _ -> Optional.of(report(Impact.LIVE, change, change.message()));
      case ChangeImpact.Disruptive _ ->
          Optional.of(
              report(
                  Impact.DISRUPTIVE,
                  change,
                  change.message()
                      + (situation.wanted().disruptionAllowed()
                          ? ". spec.rollout.disruption allows it"
                          : ". It is carried out only with spec.rollout.disruption: Allow")));
      case ChangeImpact.Refused refused ->
          Optional.of(
              report(
                  Impact.REFUSED, change, refused.message() + "; what to do: " + refused.remedy()));
    };
  }

  private static FlannelNetworkStatus.Change report(
      Impact impact, ChangeImpact change, String message) {
    return new FlannelNetworkStatus.Change(
        impact, change.differences().stream().map(ChangeReport::difference).toList(), message);
  }

  /** Converts a difference to its form in the status. */
  static FlannelNetworkStatus.Difference difference(FieldDiff difference) {
    return new FlannelNetworkStatus.Difference(
        difference.field(), difference.from().orElse(null), difference.to().orElse(null));
  }
}

package io.flannel.operator.report.text;

import io.flannel.operator.api.StatusCondition;
import io.flannel.operator.api.StatusCondition.Status;
import io.flannel.operator.report.StatusReport;
import io.flannel.operator.report.view.NetworkView;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An answer for a person.
 *
 * @param text lines, each ending with a newline
 * @param well whether nothing is wrong, in progress or unknown
 */
public record TextOutput(String text, boolean well) {

  /**
   * Whether a network is Ready for its current spec and has no problem. A Ready network may have a
   * problem that does not lose packets yet.
   */
  static boolean isWell(NetworkView network) {
    return isOfPresentSpec(network)
        && !network.deleting()
        && orNone(network.status().problems()).isEmpty()
        && ready(network).filter(ready -> ready.status() == Status.TRUE).isPresent();
  }

  /** Whether the operator has ever looked at it; the CRD's default is -1. */
  static boolean isSeen(NetworkView network) {
    Long observed = network.status().observedGeneration();
    return observed != null && observed > 0;
  }

  /** Whether the status is for the current spec. */
  static boolean isOfPresentSpec(NetworkView network) {
    return Objects.equals(network.status().observedGeneration(), network.generation());
  }

  static Optional<StatusCondition> ready(NetworkView network) {
    return orNone(network.status().conditions()).stream()
        .filter(condition -> condition.type().equals(StatusReport.READY))
        .findFirst();
  }

  static <T> List<T> orNone(@Nullable List<T> list) {
    return Objects.requireNonNullElse(list, List.of());
  }
}

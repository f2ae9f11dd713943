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
 * @param text lines, each ended
 * @param well whether nothing is wrong, nothing is on its way and nothing is unknown
 */
public record TextOutput(String text, boolean well) {

  /**
   * Whether a network is Ready for its present spec and has no problem. A problem can stand beside
   * Ready: one that costs no packets yet.
   */
  static boolean isWell(NetworkView network) {
    return isOfPresentSpec(network)
        && !network.deleting()
        && orNone(network.status().problems()).isEmpty()
        && ready(network).filter(ready -> ready.status() == Status.TRUE).isPresent();
  }

  /** Whether the operator has ever looked at it; the status that its schema begins with says -1. */
  static boolean isSeen(NetworkView network) {
    Long observed = network.status().observedGeneration();
    return observed != null && observed > 0;
  }

  /** Whether the status was made from the spec as it is now. */
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

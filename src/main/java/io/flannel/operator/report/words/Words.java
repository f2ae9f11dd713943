package io.flannel.operator.report.words;

import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.StatusCondition;
import io.flannel.operator.api.StatusCondition.Status;
import io.flannel.operator.report.StatusReport;
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
public record Words(String text, boolean well) {

  /**
   * Whether a network is Ready for its present spec and has no problem. A problem can stand beside
   * Ready: one that costs no packets yet.
   */
  static boolean isWell(FlannelNetwork network) {
    FlannelNetworkStatus status = network.getStatus();
    return status != null
        && isOfPresentSpec(network)
        && orNone(status.problems()).isEmpty()
        && ready(status).filter(ready -> ready.status() == Status.TRUE).isPresent();
  }

  /** Whether the status was made from the spec as it is now. */
  static boolean isOfPresentSpec(FlannelNetwork network) {
    return Objects.equals(
        network.getStatus().observedGeneration(), network.getMetadata().getGeneration());
  }

  static Optional<StatusCondition> ready(FlannelNetworkStatus status) {
    return orNone(status.conditions()).stream()
        .filter(condition -> condition.type().equals(StatusReport.READY))
        .findFirst();
  }

  static <T> List<T> orNone(@Nullable List<T> list) {
    return Objects.requireNonNullElse(list, List.of());
  }

  /**
   * On one line, without what would move a terminal's cursor or change its colours: an agent's
   * report is only as trustworthy as its node.
   */
  static String plain(String text) {
    return text.strip().replaceAll("\\s+", " ").replaceAll("\\p{Cntrl}", "?");
  }
}

package io.flannel.operator.report;

import io.flannel.operator.api.Bounds;
import io.flannel.operator.api.FlannelNetworkStatus.Adoption;
import io.flannel.operator.api.FlannelNetworkStatus.Adoption.Stage;
import io.flannel.operator.api.FlannelNetworkStatus.Difference;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.adoption.AdoptionValidator;
import io.flannel.operator.decide.observation.Observation;
import io.flannel.operator.decide.plan.Plan;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Names;
import io.flannel.operator.flannel.foreign.ForeignFlannel;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The status' {@code adoption}: the flannel that was there before. */
public final class AdoptionReport {
  private AdoptionReport() {}

  /**
   * Returns the report while anything of such a flannel remains.
   *
   * @param leftOver what is left to remove of it once all nodes are taken over, by kind and name
   * @param manifest returns the manifest of a FlannelNetwork that adopts a flannel as it is
   */
  public static Optional<Adoption> of(
      Observation seen,
      Plan plan,
      List<String> leftOver,
      Function<ForeignFlannel, Optional<String>> manifest) {
    DesiredNetwork wanted = seen.wanted();
    ClusterState cluster = seen.cluster();
    Decision decision = plan.decision();
    boolean paused = plan.paused();
    boolean refused = decision instanceof Decision.Refuse;
    Optional<ForeignFlannel> shown =
        AdoptionValidator.candidate(wanted, cluster)
            .or(() -> refused ? cluster.foreign().stream().findFirst() : Optional.empty());
    if (shown.isEmpty()) {
      return leftOver.isEmpty()
          ? Optional.empty()
          : Optional.of(
              new Adoption(
                  null,
                  paused ? Stage.PAUSED : Stage.TAKING_OVER,
                  "taken over; removed when every node runs the present configuration: "
                      + Names.and(leftOver),
                  null,
                  null,
                  null));
    }
    ForeignFlannel found = shown.get();
    List<Difference> differences =
        AdoptionValidator.differences(found, wanted, cluster).stream()
            .map(ChangeReport::difference)
            .toList();
    return Optional.of(
        new Adoption(
            found.daemonSet(),
            refused ? Stage.REFUSED : paused ? Stage.PAUSED : Stage.TAKING_OVER,
            message(found, decision),
            nullIfEmpty(differences),
            nullIfEmpty(found.unsupported()),
            differences.isEmpty()
                ? null
                : manifest.apply(found).filter(it -> it.length() <= Bounds.MANIFEST).orElse(null)));
  }

  private static String message(ForeignFlannel found, Decision decision) {
    if (decision instanceof Decision.Refuse refuse) {
      return "it is left as it is: " + refuse.reason();
    }
    return found.left().isEmpty()
        ? "it is equal in effect and is taken over"
        : "it has left " + Names.ofNodes(List.copyOf(found.left()));
  }

  /** Server-side apply leaves no empty list behind, so an empty list would always differ. */
  private static <T> @Nullable List<T> nullIfEmpty(List<T> list) {
    return list.isEmpty() ? null : list;
  }
}

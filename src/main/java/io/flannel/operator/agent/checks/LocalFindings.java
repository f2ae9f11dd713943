package io.flannel.operator.agent.checks;

import io.flannel.operator.decide.problem.NodeFault;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** All checks that need only one poll. */
final class LocalFindings {
  private LocalFindings() {}

  /** Returns the faults, each at most once per peer, in no particular order. */
  static List<Finding> of(Expected expected, KernelState state) {
    return merged(
        Stream.of(
                DeviceChecks.of(expected, state),
                RouteChecks.of(expected, state),
                VxlanChecks.of(expected, state),
                CompetingDeviceChecks.of(expected, state),
                LeftOverChecks.of(expected, state),
                PodChecks.of(expected, state),
                failed(state))
            .flatMap(List::stream)
            .toList());
  }

  /** Merges equal faults, such as those of both families' devices, into one with both messages. */
  static List<Finding> merged(List<Finding> sightings) {
    Map<Finding.Key, Finding> byKey = new LinkedHashMap<>();
    for (Finding sighting : sightings) {
      byKey.merge(
          sighting.key(),
          sighting,
          (one, other) ->
              new Finding(one.fault(), one.peer(), one.message() + ". " + other.message()));
    }
    return new ArrayList<>(byKey.values());
  }

  private static List<Finding> failed(KernelState state) {
    List<String> failures = state.failures();
    return failures.isEmpty()
        ? List.of()
        : List.of(Finding.ofNode(NodeFault.CHECKS_FAILED, String.join(". ", failures)));
  }
}

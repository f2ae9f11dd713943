package io.flannel.operator.agent.checks;

import io.flannel.operator.decide.LocalFault;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** All checks that one look is enough for. */
final class LocalFindings {
  private LocalFindings() {}

  /** What is wrong; each fault once a peer, in no order. */
  static List<Sighting> of(Expected expected, KernelState state) {
    return merged(
        Stream.of(
                DeviceChecks.of(expected, state),
                RouteChecks.of(expected, state),
                VxlanChecks.of(expected, state),
                RivalChecks.of(expected, state),
                LeftOverChecks.of(expected, state),
                PodChecks.of(expected, state),
                failed(state))
            .flatMap(List::stream)
            .toList());
  }

  /** The same fault twice, such as of both families' devices, is one with both messages. */
  static List<Sighting> merged(List<Sighting> sightings) {
    Map<Sighting.Key, Sighting> byKey = new LinkedHashMap<>();
    for (Sighting sighting : sightings) {
      byKey.merge(
          sighting.key(),
          sighting,
          (one, other) ->
              new Sighting(one.fault(), one.peer(), one.message() + ". " + other.message()));
    }
    return new ArrayList<>(byKey.values());
  }

  private static List<Sighting> failed(KernelState state) {
    List<String> failures = state.failures();
    return failures.isEmpty()
        ? List.of()
        : List.of(Sighting.ofNode(LocalFault.CHECKS_FAILED, String.join(". ", failures)));
  }
}

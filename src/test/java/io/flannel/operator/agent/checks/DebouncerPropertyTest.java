package io.flannel.operator.agent.checks;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.decide.problem.NodeFault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Compares the debouncer with its definition over the whole history. */
class DebouncerPropertyTest {
  private static final long PATIENCE = Duration.ofMillis(1400).toNanos();
  private static final Finding DOWN = Finding.ofNode(NodeFault.DEVICE_DOWN, "down");

  /**
   * One poll.
   *
   * @param after nanoseconds since the poll before
   */
  private record Look(boolean seen, long after) {}

  /** Applies the definition to the whole history at each poll. */
  @Property(tries = 3000)
  void countsWhatAllLooksOfTheLastWhileAgreeOn(@ForAll("histories") List<Look> history) {
    var steady = new Debouncer(Duration.ofNanos(PATIENCE));
    List<Look> past = new ArrayList<>();
    boolean counts = false;
    long now = 0;
    for (Look look : history) {
      now += look.after();
      past.add(look);
      if (look.seen() != counts && agreedFor(past) >= PATIENCE) {
        counts = look.seen();
        past.clear();
      }
      assertThat(steady.look(now, look.seen() ? List.of(DOWN) : List.of(), _ -> true))
          .isEqualTo(counts ? List.of(DOWN) : List.of());
    }
  }

  /** How long the last polls agreed, in nanoseconds. */
  private static long agreedFor(List<Look> looks) {
    long sum = 0;
    for (int i = looks.size() - 1; i > 0 && looks.get(i - 1).seen() == looks.get(i).seen(); i--) {
      sum += looks.get(i).after();
    }
    return sum;
  }

  @Property
  void oneLookAloneNeverChangesAnything(@ForAll("sightings") List<Finding> seen) {
    var steady = new Debouncer(Duration.ofNanos(PATIENCE));
    assertThat(steady.look(0, seen, _ -> true)).isEmpty();
    List<Finding> counted = steady.look(PATIENCE, seen, _ -> true);
    assertThat(counted).containsExactlyInAnyOrderElementsOf(seen);
    assertThat(counted).isSortedAccordingTo(Finding.ORDER);
    assertThat(steady.look(2 * PATIENCE, List.of(), _ -> true)).isEqualTo(counted);
    assertThat(steady.look(3 * PATIENCE, List.of(), _ -> true)).isEmpty();
  }

  @Provide
  Arbitrary<List<Look>> histories() {
    return Combinators.combine(
            Arbitraries.frequency(
                net.jqwik.api.Tuple.of(3, true), net.jqwik.api.Tuple.of(2, false)),
            Arbitraries.longs().between(1, 2 * PATIENCE))
        .as(Look::new)
        .list()
        .ofMaxSize(40);
  }

  @Provide
  Arbitrary<List<Finding>> sightings() {
    return Combinators.combine(Arbitraries.of(NodeFault.values()), Arbitraries.of("n1", "n2", "n3"))
        .as(
            (fault, peer) ->
                new Finding(
                    fault,
                    fault.scope() == NodeFault.Scope.PEER ? Optional.of(peer) : Optional.empty(),
                    "seen"))
        .list()
        .uniqueElements(Finding::key);
  }
}

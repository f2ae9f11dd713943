package io.flannel.operator.decide.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class FaultLocalizerTest {
  private static final List<NodePair> FIVE_NODES = pairs("a", "b", "c", "d", "e");

  @Test
  void nodeIsAtFaultByMoreThanHalfOfItsPairs() {
    assertThat(blamed(FIVE_NODES, "ab", "ac", "ad")).containsExactly("a");
    assertThat(blamed(FIVE_NODES, "ab", "ac", "ad", "ae")).containsExactly("a");
  }

  @Test
  void nodeIsNotAtFaultByHalfOfItsPairs() {
    assertThat(blamed(FIVE_NODES, "ab", "ac")).isEmpty();
    assertThat(blamed(pairs("a", "b", "c"), "ab")).isEmpty();
  }

  @Test
  void onePairThatFailsIsThePairHoweverFewWereMeasured() {
    assertThat(blamed(pairs("a", "b"), "ab")).isEmpty();
  }

  @Test
  void twoPairsAreEnoughWhereNoMoreWereMeasured() {
    assertThat(blamed(pairs("a", "b", "c"), "ab", "ac")).containsExactly("a");
  }

  @Test
  void nodesThatAreEquallyBadAreBlamedTogetherAndTheirPairsCountAgainstNobodyElse() {
    assertThat(blamed(FIVE_NODES, "ac", "ad", "ae", "bc", "bd", "be")).containsExactly("a", "b");
  }

  @Test
  void theWorstIsBlamedFirst() {
    // d loses a, b and c; without the pairs of d, a and b lose nobody but each other.
    assertThat(blamed(FIVE_NODES, "ad", "bd", "cd", "ab")).containsExactly("d");
  }

  private static Set<String> blamed(List<NodePair> measured, String... failing) {
    Set<NodePair> pairs =
        Set.copyOf(
            Stream.of(failing).map(pair -> pair(pair.substring(0, 1), pair.substring(1))).toList());
    return FaultLocalizer.of(measured, pairs::contains);
  }

  private static NodePair pair(String a, String b) {
    return new NodePair(a, b, Optional.empty(), Optional.empty());
  }

  private static List<NodePair> pairs(String... nodes) {
    List<NodePair> pairs = new ArrayList<>();
    for (int i = 0; i < nodes.length; i++) {
      for (int j = i + 1; j < nodes.length; j++) {
        pairs.add(pair(nodes[i], nodes[j]));
      }
    }
    return pairs;
  }
}

package io.flannel.operator.decide.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class ProbePlanTest {
  @Example
  void everyNodeProbesAllOthersUpTo64Nodes() {
    for (int size : List.of(0, 1, 2, 63, 64)) {
      ProbePlan plan = ProbePlan.of(names(size));
      assertThat(plan.complete()).isTrue();
      for (String node : plan.names()) {
        List<String> others = new ArrayList<>(plan.names());
        others.remove(node);
        assertThat(plan.peersOf(node)).isEqualTo(others);
      }
    }
    assertThat(ProbePlan.of(names(65)).complete()).isFalse();
  }

  @Example
  void aStrangerProbesNobody() {
    assertThat(ProbePlan.of(names(3)).peersOf("stranger")).isEmpty();
  }

  @Property(tries = 60)
  void everyNodeOfMoreThan64Has16PeersWhichProbeIt(@ForAll("large") int size) {
    ProbePlan plan = ProbePlan.of(names(size));
    for (String node : plan.names()) {
      List<String> peers = plan.peersOf(node);
      assertThat(peers).hasSize(16).isSorted().doesNotHaveDuplicates().doesNotContain(node);
      assertThat(peers).allSatisfy(peer -> assertThat(plan.peersOf(peer)).contains(node));
    }
  }

  @Property(tries = 60)
  void probesConnectAllNodes(@ForAll("sizes") int size) {
    ProbePlan plan = ProbePlan.of(names(size));
    Set<String> reached = new HashSet<>();
    Deque<String> next = new ArrayDeque<>(List.of(plan.names().getFirst()));
    while (!next.isEmpty()) {
      String node = next.pop();
      if (reached.add(node)) {
        next.addAll(plan.peersOf(node));
      }
    }
    assertThat(reached).hasSize(size);
  }

  @Property(tries = 60)
  void aNodeThatComesOrGoesChangesOnlyItsNeighbours(
      @ForAll("rings") int size, @ForAll Random random) {
    List<String> many = names(size + 1);
    String one = many.get(random.nextInt(many.size()));
    List<String> fewer = new ArrayList<>(many);
    fewer.remove(one);
    ProbePlan with = ProbePlan.of(many);
    ProbePlan without = ProbePlan.of(fewer);

    Set<String> changed = new TreeSet<>();
    for (String node : fewer) {
      if (!with.peersOf(node).equals(without.peersOf(node))) {
        changed.add(node);
      }
    }
    assertThat(changed).containsExactlyElementsOf(with.peersOf(one));
  }

  @Property(tries = 60)
  void theOrderInWhichNodesComeDoesNotMatter(@ForAll("sizes") int size, @ForAll Random random) {
    List<String> shuffled = names(size);
    Collections.shuffle(shuffled, random);
    assertThat(ProbePlan.of(shuffled)).isEqualTo(ProbePlan.of(names(size)));
  }

  @Provide
  Arbitrary<Integer> sizes() {
    return Arbitraries.oneOf(
        Arbitraries.integers().between(1, 5000),
        Arbitraries.integers().between(1, 80),
        Arbitraries.of(63, 64, 65, 66));
  }

  @Provide
  Arbitrary<Integer> large() {
    return sizes().filter(size -> size > 64);
  }

  @Provide
  Arbitrary<Integer> rings() {
    return Arbitraries.oneOf(
        Arbitraries.integers().between(65, 2000), Arbitraries.of(65, 66, 67, 80));
  }

  private static List<String> names(int size) {
    return new ArrayList<>(IntStream.range(0, size).mapToObj("node-%05d"::formatted).toList());
  }
}

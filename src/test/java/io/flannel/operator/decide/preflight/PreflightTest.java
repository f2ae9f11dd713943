package io.flannel.operator.decide.preflight;

import static io.flannel.operator.decide.preflight.PreflightResultBuilder.heard;
import static io.flannel.operator.flannel.Nodes.node;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import com.fasterxml.jackson.databind.node.TextNode;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.Clusters;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.preflight.Preflight.Blocked;
import io.flannel.operator.decide.preflight.Preflight.Incomplete;
import io.flannel.operator.decide.preflight.Preflight.Outcome;
import io.flannel.operator.decide.preflight.Preflight.Passed;
import io.flannel.operator.decide.preflight.PreflightLosses.Pair;
import io.flannel.operator.decide.problem.TunnelProblem;
import io.flannel.operator.decide.task.TaskResult;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Networks;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** From the plan, through what each pod found, to the verdict. */
class PreflightTest {
  private static final DesiredNetwork IPIP = Networks.ipip("10.244.0.0/16");

  /** The directions in which packets are lost, as "sender>receiver". */
  private Set<String> lost = new TreeSet<>();

  private Set<String> lostFullSize = new TreeSet<>();
  private LossBaseline before = lostBefore(Set.of(), Set.of());
  private final Map<String, Outcome> instead = new TreeMap<>();

  @Example
  void preflightPassesWhereAllIsHeard() {
    assertThat(verdict(3)).isInstanceOf(Passed.class);
  }

  @Example
  void aPairAndADirectionAreNamed() {
    lost = Set.of("n1>n2", "n2>n1", "n3>n4");

    assertThat(blocked(5).message())
        .isEqualTo(
            "tried before any node was changed: what ipip sends does not pass between n1 and n2,"
                + " from n3 to n4");
    assertThat(blocked(5).remedy())
        .startsWith("let IP protocol 4 (IP in IP) pass between all nodes, both ways:")
        .contains("security groups");
  }

  @Example
  void aNodeThatHearsNobodyIsOneLine() {
    lost = Set.of("n1>n2", "n3>n2", "n4>n2");
    assertThat(blocked(4).message()).endsWith("does not pass from all its peers to n2");

    lost = Set.of("n2>n1", "n2>n3", "n2>n4");
    assertThat(blocked(4).message()).endsWith("does not pass from n2 to all its peers");

    lost = Set.of("n2>n1", "n1>n2", "n2>n3", "n2>n4");
    assertThat(blocked(4).message()).endsWith("does not pass between n2 and all its peers");
  }

  @Example
  void pairsAreNotNamedWhereNothingPassesAtAll() {
    everyWay(4, lost);

    assertThat(blocked(4).message()).endsWith("does not pass between any two of the 4 nodes");
  }

  @Example
  void fiveOfManyPairsAreNamed() {
    for (int i = 1; i <= 16; i += 2) {
      lost.add("n%d>n%d".formatted(i, i + 1));
    }
    assertThat(blocked(20).message())
        .endsWith(
            "from n1 to n2, from n9 to n10, from n11 to n12, from n13 to n14, from n15 to n16 and 3"
                + " more");
  }

  @Example
  void fullSizeHasItsOwnRemedy() {
    lostFullSize = Set.of("n1>n2");

    assertThat(blocked(3).message())
        .endsWith("packets of ipip of full size do not pass from n1 to n2, though small ones do");
    assertThat(blocked(3).remedy()).isEqualTo(TunnelProblem.MTU_BLACK_HOLE.remedy());
  }

  @Example
  void kernelsRefusalIsQuoted() {
    lost = Set.of("n1>n2");
    PreflightTask task = plan(2).tasks().get("n1");
    instead.put(
        "n1", new Outcome.Ended(task, heard(0, 30_000).refused("sendto: not permitted").get()));

    assertThat(blocked(2).message())
        .endsWith("from n1 to n2; the kernel of n1 says: sendto: not permitted");
  }

  @Example
  void itIsJudgedWhenAllAreThrough() {
    lost = Set.of("n1>n2");
    instead.put("n3", new Outcome.Running());

    assertThat(verdict(3)).isEqualTo(new Preflight.Running(List.of("n3")));
  }

  @Example
  void aPodThatFailedIsNoPass() {
    lost = Set.of("n3>n1", "n3>n2");
    instead.put("n3", new Outcome.Failed("ImagePullBackOff"));

    assertThat(verdict(3))
        .asInstanceOf(type(Incomplete.class))
        .extracting(Incomplete::message)
        .isEqualTo(
            "the new encapsulation could not be tried everywhere: node n3: ImagePullBackOff");
  }

  @Example
  void whatIsLostCountsThoughAnotherPodFailed() {
    lost = Set.of("n1>n2");
    instead.put("n3", new Outcome.Failed("ImagePullBackOff"));

    assertThat(blocked(3).message()).endsWith("from n1 to n2");
  }

  @Example
  void podsThatDidNotMeetSayNothingOfTheWayBetweenThem() {
    lost = Set.of("n1>n2", "n2>n1");
    PreflightTask task = plan(3).tasks().get("n2");
    instead.put("n2", new Outcome.Ended(task, heard(26_000, 56_000).silent(List.of(0)).get()));

    assertThat(verdict(3))
        .asInstanceOf(type(Incomplete.class))
        .extracting(Incomplete::message)
        .asString()
        .endsWith("the pods did not run at the same time between n1 and n2");
  }

  @Example
  void pairsWithoutEncapsulationAreNotJudged() {
    lost = Set.of("n1>n2", "n2>n1");
    PreflightTask task = plan(3).tasks().get("n2");
    instead.put("n2", new Outcome.Ended(task, heard(0, 30_000).direct(List.of(0)).get()));

    assertThat(verdict(3)).isInstanceOf(Passed.class);
  }

  @Example
  void aPairThatHasNothingToLoseStopsNoChange() {
    lost = Set.of("n1>n2", "n2>n1");
    before = lostBefore(Set.of(new Pair("n1", "n2")), Set.of());
    assertThat(verdict(3)).isInstanceOf(Passed.class);

    lost = Set.of("n1>n2", "n2>n3");
    assertThat(blocked(3).message()).endsWith("does not pass from n2 to n3");

    lost = Set.of();
    lostFullSize = Set.of("n1>n2");
    assertThat(verdict(3)).isInstanceOf(Passed.class);
  }

  /** The agents probe only one address family. */
  @Example
  void whatWasNotMeasuredCounts() {
    lost = Set.of("n1>n2");
    before = new LossBaseline(Cidr.Family.IPV6, Set.of(new Pair("n1", "n2")), Set.of());
    assertThat(blocked(3).message()).endsWith("does not pass from n1 to n2");
  }

  @Example
  void smallPacketsMustPassWhereOnlyFullSizeOnesWereLost() {
    before = lostBefore(Set.of(), Set.of(new Pair("n1", "n2")));
    lostFullSize = Set.of("n1>n2");
    assertThat(verdict(3)).isInstanceOf(Passed.class);

    lostFullSize = Set.of();
    lost = Set.of("n1>n2");
    assertThat(blocked(3).message()).endsWith("does not pass from n1 to n2");
  }

  /** A user who changes the backend because nothing passes must know that nothing will. */
  @Example
  void aChangeByWhichNothingAtAllWouldPassIsRefusedThoughNothingDoesNow() {
    everyWay(3, lost);
    before =
        lostBefore(
            Set.of(new Pair("n1", "n2"), new Pair("n1", "n3"), new Pair("n2", "n3")), Set.of());
    assertThat(blocked(3).message()).endsWith("between any two of the 3 nodes");
  }

  @Property(tries = 200)
  void itPassesOnlyIfNothingIsLostAndNamesWhatIs(
      @ForAll @IntRange(min = 2, max = 12) int size,
      @ForAll @Size(max = 10) List<@IntRange(min = 0, max = 143) Integer> ways) {
    for (int way : ways) {
      int from = way / 12 % size + 1;
      int to = way % 12 % size + 1;
      if (from != to) {
        lost.add("n%d>n%d".formatted(from, to));
      }
    }

    Preflight verdict = verdict(size);

    assertThat(verdict instanceof Passed).isEqualTo(lost.isEmpty());
    assertThat(verdict instanceof Blocked).isEqualTo(!lost.isEmpty());
    lost.clear();
  }

  @Property(tries = 30)
  void aResultOfWhomeverIsShortEnoughForKubelet(@ForAll @IntRange(min = 2, max = 80) int size) {
    PreflightPlan plan = plan(size);
    PreflightTask task = plan.tasks().firstEntry().getValue();
    List<Integer> all = IntStream.range(0, task.peers().size()).boxed().toList();
    PreflightResult result =
        heard(Long.MAX_VALUE - 1, Long.MAX_VALUE).silent(all).refused("ü".repeat(999)).get();

    String message = result.taskResult().message();
    assertThat(message.getBytes(StandardCharsets.UTF_8)).hasSizeLessThan(4096);
    assertThat(TaskResult.read(message).flatMap(step -> PreflightResult.of(step, task)))
        .contains(result);
    assertThat(PreflightTask.parse(task.toJson())).isEqualTo(task);
  }

  @Property
  void whatNoPodWroteIsAFailure(@ForAll String noise) {
    PreflightTask task = plan(3).tasks().get("n1");
    assertThat(Outcome.of(task, TaskResult.failed(noise))).isEqualTo(new Outcome.Failed(noise));
    assertThat(Outcome.of(task, TaskResult.done(noise))).isInstanceOf(Outcome.Failed.class);
    assertThat(Outcome.of(task, new TaskResult(true, "", TextNode.valueOf(noise))))
        .isInstanceOf(Outcome.Failed.class);
  }

  @Example
  void aResultOfAnotherTaskIsAFailure() {
    PreflightTask task = plan(3).tasks().get("n1");
    for (String message :
        List.of(
            "{\"silent\":[2]}",
            "{\"silent\":[-1]}",
            "{\"silent\":[0],\"smallOnly\":[0]}",
            "{\"silent\":[null]}",
            "{\"began\":2,\"ended\":1}",
            "null",
            "{\"error\":\"no right\"}")) {
      TaskResult step =
          TaskResult.read("{\"done\": true, \"said\": \"\", \"more\": %s}".formatted(message))
              .orElseThrow();
      assertThat(Outcome.of(task, step)).as(message).isInstanceOf(Outcome.Failed.class);
    }
  }

  private Blocked blocked(int size) {
    Preflight verdict = verdict(size);
    assertThat(verdict).isInstanceOf(Blocked.class);
    return (Blocked) verdict;
  }

  private Preflight verdict(int size) {
    PreflightPlan plan = plan(size);
    Map<String, Outcome> outcomes = new TreeMap<>();
    plan.tasks()
        .forEach(
            (name, task) -> outcomes.put(name, Outcome.of(task, result(name, task).taskResult())));
    outcomes.putAll(instead);
    return Preflight.judge(outcomes, plan.leftOut(), before, IPIP.backend());
  }

  private PreflightResult result(String name, PreflightTask task) {
    return heard(0, 30_000)
        .silent(places(name, task, lost))
        .smallOnly(places(name, task, lostFullSize))
        .get();
  }

  private static List<Integer> places(String name, PreflightTask task, Set<String> ways) {
    return IntStream.range(0, task.peers().size())
        .filter(place -> ways.contains(task.peers().get(place).name() + ">" + name))
        .boxed()
        .toList();
  }

  private static void everyWay(int size, Set<String> ways) {
    for (int from = 1; from <= size; from++) {
      for (int to = 1; to <= size; to++) {
        ways.add("n%d>n%d".formatted(from, to));
      }
    }
  }

  private static LossBaseline lostBefore(Set<Pair> all, Set<Pair> fullSize) {
    return new LossBaseline(Cidr.Family.IPV4, all, fullSize);
  }

  private static PreflightPlan plan(int size) {
    List<ClusterNode> nodes = new ArrayList<>();
    for (int i = 1; i <= size; i++) {
      nodes.add(
          node("n" + i)
              .podCidr("10.244.%d.0/24".formatted(i))
              .leased("vxlan", "192.168.0." + i)
              .get());
    }
    DesiredNetwork live = Networks.vxlan("10.244.0.0/16");
    ClusterState cluster = Clusters.cluster(nodes).running(live).state();
    return PreflightPlan.of(
        IPIP, NodeLease.judge(IPIP, cluster), Map.of(), Optional.of(live.backend()), "seed");
  }
}

package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.patiently;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.testing.apiserver.WriteBreaker;
import io.flannel.operator.testing.apiserver.WriteBreaker.When;
import io.flannel.operator.testing.apiserver.WriteBreaker.Write;
import io.flannel.operator.testing.cluster.Rendered;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.cluster.UpstreamFlannel;
import io.flannel.operator.testing.fakes.FakeKubelets;
import io.flannel.operator.testing.fakes.FakeTaskPods;
import io.flannel.operator.testing.operator.OperatorProcess;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Kills the operator at each of its writes in turn and restarts it: the result is that of an
 * undisturbed run, and no Event is reported twice.
 */
class KilledOperatorIT {
  /** Writes of objects, of the status and of Events; all except the leader's Lease. */
  private static final Predicate<Write> ANY = write -> !write.path().contains("/leases");

  private static final Map<String, Integer> INSTALLED =
      Map.of(
          "Accepted",
          1,
          "RolloutStarted",
          1,
          "RolloutComplete",
          1,
          "TunnelsHealthy",
          1,
          "Ready",
          1);

  private static final Map<String, Integer> ADOPTED = new TreeMap<>(INSTALLED);

  /**
   * As with another backend: after a restart, the state may be further than the last one reported.
   */
  private static final Map<String, Integer> CLEANED = new TreeMap<>(INSTALLED);

  static {
    ADOPTED.put("Adopted", 1);
    CLEANED.put("NotReady", 2);
    CLEANED.put("TunnelsUnknown", 2);
  }

  @RegisterExtension static final TestCluster cluster = new TestCluster();
  static WriteBreaker breaker;
  static OperatorProcess operator;

  /** Something that an administrator does, and the maximum number of each Event by its end. */
  enum Change {
    INSTALL(INSTALLED) {
      @Override
      void make(TestNetwork network) {
        network.apply(TestNetwork.IPIP + "deletionPolicy: Cleanup");
      }
    },
    // Agents and kubelets continue while no operator runs: after the restart, the operator may find
    // another reason for not being Ready than the one it reported before.
    ANOTHER_BACKEND(
        Map.of(
            "Accepted",
            1,
            "RolloutStarted",
            2,
            "RolloutComplete",
            2,
            "Ready",
            2,
            "NotReady",
            2,
            "TunnelsHealthy",
            2,
            "TunnelsUnknown",
            2)) {
      @Override
      void prepare(TestNetwork network) {
        network.apply(TestNetwork.VXLAN).awaitReady();
      }

      @Override
      void make(TestNetwork network) {
        network.apply(TestNetwork.IPIP);
      }
    },
    ADOPTION(ADOPTED) {
      @Override
      void prepare(TestNetwork network) {
        UpstreamFlannel.in(cluster).install("manifest-v0.28").awaitPods();
      }

      @Override
      void make(TestNetwork network) {
        network.apply(TestNetwork.VXLAN + "cni: {version: 0.3.1}");
      }

      @Override
      boolean ended(TestNetwork network) {
        return super.ended(network) && UpstreamFlannel.in(cluster).isGone("kube-flannel");
      }
    },
    CLEANUP(CLEANED) {
      @Override
      void prepare(TestNetwork network) {
        network.apply(TestNetwork.IPIP + "deletionPolicy: Cleanup").awaitReady();
      }

      @Override
      void make(TestNetwork network) {
        network.delete();
      }

      @Override
      boolean ended(TestNetwork network) {
        new FakeTaskPods(cluster.client()).endAll();
        return !network.exists() && Rendered.in(cluster).objects().isEmpty();
      }
    };

    private final Map<String, Integer> mostEvents;

    Change(Map<String, Integer> mostEvents) {
      this.mostEvents = mostEvents;
    }

    void prepare(TestNetwork network) {}

    abstract void make(TestNetwork network);

    boolean ended(TestNetwork network) {
      return network.conditions().equals("Accepted=T Ready=T Reconciling=F Stalled=F");
    }
  }

  @BeforeAll
  static void start() {
    breaker = WriteBreaker.to(cluster.api());
    operator = cluster.operator(breaker).start().awaitReady();
  }

  @AfterAll
  static void stop() {
    operator.close();
    breaker.close();
    assertThat(operator.stackTraces()).isEmpty();
  }

  /** Not at every write: that takes a quarter of an hour. */
  @ParameterizedTest
  @EnumSource
  void killedAtSomeWritesItComesToTheSameEnd(Change change) {
    comesToTheSameEnd(change, 5);
  }

  @ParameterizedTest
  @EnumSource
  @Tag("slow")
  void killedAtAnyWriteItComesToTheSameEnd(Change change) {
    comesToTheSameEnd(change, 1);
  }

  /** Kills the operator before its first write, then after every {@code every}-th one. */
  private static void comesToTheSameEnd(Change change, int every) {
    assertThat(isKilledAt(change, Integer.MAX_VALUE, When.AFTER)).isFalse();
    Map<String, String> undisturbed = Rendered.in(cluster).contents();

    // After write n the API server's state is the same as before write n + 1.
    boolean killed = isKilledAt(change, 1, When.BEFORE);
    int write = 0;
    while (killed) {
      assertThat(Rendered.in(cluster).contents()).as("write %d", write).isEqualTo(undisturbed);
      assertThat(eventCounts())
          .as("write %d", write)
          .allSatisfy(
              (reason, count) ->
                  assertThat(count)
                      .as(reason)
                      .isLessThanOrEqualTo(change.mostEvents.getOrDefault(reason, 0)));
      write += every;
      killed = isKilledAt(change, write, When.AFTER);
    }
    assertThat(write).as("each write of an object, at least").isGreaterThan(6);
  }

  /** Makes a change with a kill at the n-th write; returns false if there were fewer writes. */
  private static boolean isKilledAt(Change change, int n, When when) {
    cluster.empty();
    cluster.nodes(2);
    var network = TestNetwork.of(cluster, "default");
    try (var kubelets = FakeKubelets.on(cluster)) {
      change.prepare(network);
      breaker.arm(ANY, n, when, operator::kill);
      change.make(network);
      patiently(change + ", write " + n)
          .until(() -> breaker.fired() != null || change.ended(network));
      breaker.disarm();
      if (breaker.fired() == null) {
        return false;
      }
      operator.start();
      patiently(change + ", after a kill at " + n + ": " + breaker.fired())
          .until(() -> change.ended(network));
      return true;
    }
  }

  private static Map<String, Integer> eventCounts() {
    Map<String, Integer> counts = new TreeMap<>();
    TestNetwork.of(cluster, "default")
        .eventReasons()
        .forEach(reason -> counts.merge(reason, 1, Integer::sum));
    return counts;
  }
}

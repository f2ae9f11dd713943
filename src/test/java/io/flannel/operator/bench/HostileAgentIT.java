package io.flannel.operator.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.flannel.operator.testing.cluster.AgentToken;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeAgents;
import io.flannel.operator.testing.fakes.FakeNodes;
import io.flannel.operator.testing.operator.ImageOptions;
import io.flannel.operator.testing.operator.OperatorProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * While one agent writes whatever it can as fast as it can, an operator with the image's JVM
 * options and half a core still reports the other nodes' faults in time. The figures go to {@code
 * target/hostile.json}.
 *
 * <p>The other agents are simulated and report at once: the time that a real one takes to notice a
 * loss is not counted.
 */
@Tag("slow")
class HostileAgentIT {
  private static final int NODES = 20;
  private static final String HOSTILE = "node-1";
  private static final Duration LASTS =
      Duration.ofSeconds(Integer.getInteger("it.hostile.seconds", 60));

  /** How long to wait for a fault to be reported; also the figure recorded if it is not. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension final FakeNodes nodes = new FakeNodes(cluster, NODES);

  private final TestNetwork network = TestNetwork.of(cluster, "default");

  @Test
  void theOthersFaultsAreNamedAllTheSame() throws IOException {
    try (OperatorProcess operator =
        cluster
            .operator()
            .javaOptions(ImageOptions.jvm().toArray(String[]::new))
            .environment("MALLOC_ARENA_MAX", "1")
            .start()
            .awaitReady()) {
      network.apply("cidr: 10.244.0.0/16\nbackend: {type: ipip}\n").awaitReady();
      long pid = operator.pid();
      List<Double> quiet = List.of(verdict(2), verdict(3), verdict(4));

      List<Double> hostile = new ArrayList<>();
      double cores;
      nodes.agents().leave(HOSTILE);
      try (var agent = new HostileAgent(AgentToken.of(cluster, HOSTILE), HOSTILE).start()) {
        long began = System.nanoTime();
        ProcessCpu cpu = ProcessCpu.of(pid);
        double passes = operator.passes();
        for (int round = 0; seconds(began) < LASTS.toSeconds(); round++) {
          // Vary the delay, to hit different moments of what the hostile agent does.
          pause(Duration.ofMillis(700L * (round % 4)));
          hostile.add(verdict(2 + round % (NODES - 1)));
        }
        ProcessCpu now = ProcessCpu.of(pid);
        cores = now.secondsSince(cpu) / seconds(began);
        System.out.printf(
            "a hostile agent for %.0f s; operator: %s; %.0f passes; load %s%n%s%n",
            seconds(began),
            now.busiestSince(cpu),
            operator.passes() - passes,
            Files.readString(Path.of("/proc/loadavg")).strip(),
            agent.told());
      }
      var figures = new Figures(Path.of("target/hostile.json"));
      figures.addWorst(
          "hostile_others_verdict_max_s",
          "s",
          "10",
          Map.of("beside a hostile agent", array(hostile), "without one", array(quiet)));
      figures.addWorst(
          "hostile_operator_cpu_cores", "", "0.5", Map.of("of the operator", new double[] {cores}));
      figures.write();

      assertThat(operator.isAlive()).isTrue();
      assertThat(operator.pid()).isEqualTo(pid);
      assertThat(operator.stackTraces()).isEmpty();
      assertThat(hostile).allSatisfy(it -> assertThat(it).isLessThan(10));
      assertThat(cores).isLessThan(0.5);
    }
  }

  /**
   * Returns the seconds from a node's loss until the status names it, once the status no longer
   * does. If the status keeps naming it, the operator has stopped reporting, which counts as {@link
   * #PATIENCE}.
   */
  private double verdict(int node) {
    String name = "node-" + node;
    FakeAgents agents = nodes.agents();
    agents.lose(name);
    long began = System.nanoTime();
    try {
      awaitNamed(name, true);
    } catch (ConditionTimeoutException e) {
      System.out.println(name + " was not named within " + PATIENCE);
    }
    double seconds = seconds(began);
    agents.heal(name);
    try {
      awaitNamed(name, false);
    } catch (ConditionTimeoutException e) {
      System.out.println(name + " was named for longer than " + PATIENCE);
      return PATIENCE.toSeconds();
    }
    return seconds;
  }

  private void awaitNamed(String node, boolean named) {
    await(node)
        .atMost(PATIENCE)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(100))
        .until(() -> isNamed(node) == named);
  }

  private boolean isNamed(String node) {
    return Optional.ofNullable(network.status().problems()).stream()
        .flatMap(List::stream)
        .filter(problem -> problem.nodes() != null)
        .anyMatch(problem -> problem.nodes().contains(node));
  }

  private static void pause(Duration time) {
    await().pollDelay(time).atMost(time.plusMinutes(1)).until(() -> true);
  }

  private static double seconds(long began) {
    return (System.nanoTime() - began) / 1e9;
  }

  private static double[] array(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }
}

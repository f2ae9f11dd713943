package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.testing.apiserver.WriteBreaker;
import io.flannel.operator.testing.apiserver.WriteBreaker.When;
import io.flannel.operator.testing.apiserver.WriteBreaker.Write;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeKubelets;
import io.flannel.operator.testing.operator.OperatorProcess;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * An operator that is told to terminate during a reconciliation. The framework stops the watches at
 * once, which empties their caches, and gives the reconciliation ten more seconds.
 */
class EndedOperatorIT {
  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @Test
  void aPassThatGoesOnWhenTheWatchesHaveEndedWritesNothingMore() {
    cluster.nodes(2);
    TestNetwork network = TestNetwork.of(cluster, "default");
    try (var proxy = WriteBreaker.to(cluster.api());
        var kubelets = FakeKubelets.on(cluster);
        OperatorProcess operator =
            cluster
                .operator(proxy)
                .javaOptions(
                    "-Dquarkus.log.category.\"io.javaoperatorsdk.operator.api.config"
                        + ".ExecutorServiceManager\".level=DEBUG")) {
      operator.start().awaitReady();
      network.apply("cidr: 10.244.0.0/20\nbackend: {type: ipip}").awaitReady();
      String before = network.status().rollout().to();
      AtomicReference<CompletableFuture<Integer>> end = new AtomicReference<>();
      AtomicReference<List<Write>> held = new AtomicReference<>();
      proxy.arm(
          write -> write.path().contains("/configmaps/"),
          1,
          When.LATER,
          () -> {
            held.set(proxy.writes());
            end.set(CompletableFuture.supplyAsync(operator::stop));
            eventually(
                "all watches to end",
                () -> assertThat(operator.logged()).contains("Closing executor"));
          });

      network.apply("cidr: 10.244.0.0/16\nbackend: {type: ipip}");
      eventually("a write in the middle of a pass", () -> assertThat(proxy.fired()).isNotNull());
      assertThat(end.get().join()).isEqualTo(143);

      assertThat(objects(proxy.writes()).skip(objects(held.get()).count()).map(Write::path))
          .as("what is written after the end")
          .singleElement()
          .asString()
          .contains("/configmaps/");
      assertThat(operator.logged()).contains("nothing more is written");
      assertThat(operator.stackTraces()).isEmpty();

      operator.start().awaitReady();
      eventually(
          "the change", () -> assertThat(network.status().rollout().to()).isNotEqualTo(before));
    }
  }

  private static Stream<Write> objects(List<Write> writes) {
    return writes.stream().filter(Write::isObject);
  }
}

package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.flannel.operator.api.FlannelNode;
import io.flannel.operator.testing.apiserver.ApiServer;
import io.flannel.operator.testing.apiserver.WriteBreaker;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.operator.OperatorProcess;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Watches that break off, end, or can't be started: what continues, and when the operator is live.
 */
@Tag("slow")
class WatchesIT {
  @RegisterExtension static final ApiServer api = new ApiServer();

  /**
   * The operators' flannel.watch-patience: longer than the client waits before it reconnects after
   * an outage of that length.
   */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final TestNetwork network = new TestNetwork(api.client(), "default");

  @BeforeAll
  static void cluster() {
    TestCluster.admit(api);
    api.installCrds();
    TestCluster.node(1).create(api.client());
  }

  @AfterEach
  void remove() {
    network.delete();
  }

  private static OperatorProcess prepared(OperatorProcess operator) {
    return operator
        .environment("FLANNEL_WATCH_PATIENCE", PATIENCE.toSeconds() + "s")
        // An operator that loses the Lease exits, and nothing restarts it here.
        .environment("FLANNEL_LEADER_ELECTION_LEASE_DURATION", "3m")
        .environment("FLANNEL_LEADER_ELECTION_RENEW_DEADLINE", "2m");
  }

  @Test
  void anApiServerThatIsAwayKillsNobody() {
    try (OperatorProcess operator = prepared(TestCluster.operatorOf(api)).start().awaitReady()) {
      network.apply(TestNetwork.IPIP);
      eventually("a FlannelNode", () -> assertThat(flannelNode()).isNotNull());
      api.killServer();
      staysLive(operator);
      api.startServerAgain();
      api.client().resources(FlannelNode.class).delete();
      eventually("it hears of it", () -> assertThat(flannelNode()).isNotNull());
      assertThat(live(operator)).isEqualTo(200);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aKindThatIsNotServedForAWhileIsWatchedAgain() {
    try (OperatorProcess operator = prepared(TestCluster.operatorOf(api)).start().awaitReady()) {
      network.apply(TestNetwork.IPIP);
      eventually("a FlannelNode", () -> assertThat(flannelNode()).isNotNull());
      api.client()
          .apiextensions()
          .v1()
          .customResourceDefinitions()
          .withName("flannelnodes.flannel.io")
          .delete();
      eventually(
          "it says so",
          () ->
              assertThat(operator.logged())
                  .contains("FlannelNodes are not watched", "the API server says: "));
      staysLive(operator);
      api.installCrds();
      eventually("they are there again", () -> assertThat(flannelNode()).isNotNull());
      eventually(
          "it says so",
          () -> assertThat(operator.logged()).contains("FlannelNodes are watched again"));
      assertThat(operator.logged().lines().filter(line -> line.contains("FlannelNodes are not")))
          .hasSize(1);
    }
  }

  @Test
  void soIsOneForWhichTheRightIsTakenAway() {
    try (OperatorProcess operator = prepared(TestCluster.operatorOf(api)).start().awaitReady()) {
      network.apply(TestNetwork.IPIP);
      eventually("a FlannelNode", () -> assertThat(flannelNode()).isNotNull());
      var binding =
          api.client().rbac().clusterRoleBindings().withName("flannel-operator").require();
      api.client().resource(binding).delete();
      // A watch that already runs keeps running without the right, so restart the API server.
      api.killServer();
      api.startServerAgain();
      eventually(
          "it says so", () -> assertThat(operator.logged()).contains("Nodes are not watched"));
      staysLive(operator);
      binding.getMetadata().setResourceVersion(null);
      api.client().resource(binding).create();
      eventually(
          "it says so", () -> assertThat(operator.logged()).contains("Nodes are watched again"));
      api.client().resources(FlannelNode.class).delete();
      eventually("it acts again", () -> assertThat(flannelNode()).isNotNull());
    }
  }

  @Test
  void oneThatEndsOverWhatCantBeReadIsBegunAgain() {
    try (var proxy = WriteBreaker.to(api);
        OperatorProcess operator =
            prepared(
                    TestCluster.configured(
                        OperatorProcess.with(
                            api.kubeconfigOf(TestCluster.SYSTEM, "flannel-operator", proxy))))
                .start()
                .awaitReady()) {
      network.apply(TestNetwork.IPIP);
      eventually("a FlannelNode", () -> assertThat(flannelNode()).isNotNull());
      proxy.garbleWatchesOf("/apis/flannel.io/v1alpha1/flannelnodes");
      eventually(
          "it is begun again",
          () ->
              assertThat(operator.logged())
                  .contains("the watch of FlannelNodes ended; it is begun again"));
      eventually("not live", () -> assertThat(live(operator)).isEqualTo(503));
      assertThat(operator.get("/q/health/live").body()).contains("FlannelNodes");
      proxy.garbleWatchesOf(null);
      eventually("live again", () -> assertThat(live(operator)).isEqualTo(200));
      api.client().resources(FlannelNode.class).delete();
      eventually("it acts again", () -> assertThat(flannelNode()).isNotNull());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Checks that the operator stays live for longer than its watch patience. */
  private static void staysLive(OperatorProcess operator) {
    await("live all the time")
        .during(PATIENCE.multipliedBy(5).dividedBy(4))
        .atMost(PATIENCE.multipliedBy(3))
        .until(() -> live(operator) == 200);
  }

  private static int live(OperatorProcess operator) throws IOException {
    return operator.get("/q/health/live").statusCode();
  }

  private static FlannelNode flannelNode() {
    return api.client().resources(FlannelNode.class).withName("node-1").get();
  }
}

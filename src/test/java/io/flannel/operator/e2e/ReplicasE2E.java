package io.flannel.operator.e2e;

import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** With two replicas, kills the leader. */
@ExtendWith(InstalledOperator.class)
class ReplicasE2E {
  @AfterAll
  static void oneReplicaAgain() {
    InstalledOperator.install();
  }

  @Test
  void theOtherTakesOverWhenTheLeaderIsKilled() {
    Network.becomes("{type: ipip}");
    InstalledOperator.install("--set", "replicas=2");
    String leader = leader();

    Lab.kubectl(
        "-n", InstalledOperator.NAMESPACE, "delete", "pod", leader, "--force", "--grace-period=0");
    Lab.kubectl("-n", "kube-flannel", "delete", "ds", "kube-flannel-ds", "--cascade=orphan");

    await("another leader")
        .atMost(5, MINUTES)
        .pollInterval(1, SECONDS)
        .until(() -> !leader().equals(leader) && !leader().isEmpty());
    await("the deleted DaemonSet")
        .atMost(5, MINUTES)
        .pollInterval(1, SECONDS)
        .until(
            () ->
                Lab.tryRun("kubectl", "-n", "kube-flannel", "get", "ds", "kube-flannel-ds").code()
                    == 0);
    Network.awaitReady();
    assertThat(leader()).isNotEqualTo(leader);
  }

  /** Returns the name of the pod that holds the Lease. */
  static String leader() {
    return Lab.get("-n", InstalledOperator.NAMESPACE, "lease", "flannel-operator")
        .at("/spec/holderIdentity")
        .asText();
  }
}

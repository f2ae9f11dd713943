package io.flannel.operator.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.flannel.operator.bench.Figures;
import io.flannel.operator.flannel.ForeignInstalls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The operator does nothing where a foreign flannel runs that can't be adopted. */
@ExtendWith(InstalledOperator.class)
@Tag("slow")
class ForeignFlannelE2E {
  private static final List<Integer> NODES = List.of(1, 2, 3);
  private static final String NAME = "kube-flannel-ds-amd64";
  private static final String PUBLISHED = "flannel.alpha.coreos.com/backend-type";

  private static final Figures figures = new Figures(Path.of("target/hostile.json"));

  private static UpstreamInstall upstream;

  @TempDir Path folder;

  @BeforeAll
  static void flannelIsGone() {
    Network.becomes("{type: vxlan}");
    upstream = UpstreamInstall.ofTheLab(NODES);
    UpstreamInstall.networkIsGone();
  }

  @AfterEach
  void networkIsGone() {
    UpstreamInstall.networkIsGone();
  }

  @AfterAll
  static void end() throws IOException {
    figures.write();
  }

  /** The DaemonSet's name in upstream's manifests up to v0.12; its pods keep forwarding packets. */
  @Test
  void oneOfAnotherNameGoesOnThroughApplyRefusalAndAReboot() throws IOException {
    InstalledOperator.uninstall();
    Path manifest = folder.resolve("manifest.yaml");
    Files.writeString(manifest, ForeignInstalls.manifest(NAME), UTF_8);
    upstream.install(manifest, "kube-system", NAME);
    String binding = binding();

    // A booting node does not answer; the others must not be affected.
    PodPings pings = PodPings.between(List.of(1, 2));
    PodPings.Result result;
    try {
      InstalledOperator.install();
      Network.rolls("{type: ipip}");
      Network.awaitReason("Accepted", "ForeignFlannel");
      assertThat(Network.message(Lab.get("fnet", "default"), "Accepted"))
          .contains("kube-system/" + NAME, "kubectl -n kube-system delete daemonset " + NAME);
      Lab.run("reboot", "3");
      UpstreamInstall.awaitRollout("kube-system", NAME);
      TestPods.restart(List.of(3));
      await("the rebooted node's pod")
          .atMost(2, MINUTES)
          .pollInterval(1, SECONDS)
          .untilAsserted(() -> TestPods.allReachEachOther(NODES));
    } finally {
      result = pings.stop();
    }
    System.out.printf("sent %d, lost %d %s%n", result.sent(), result.lost(), result.pairs());
    figures.addWorst(
        "foreign_pings_lost",
        "",
        "0",
        Map.of("apply, refusal and a reboot", new double[] {result.lost()}));
    assertThat(binding()).isEqualTo(binding);
    nothingOfOursIsThere();
    assertThat(result.lost()).as("%s", result.pairs()).isZero();

    Lab.kubectl("delete", "-f", manifest.toString());
    handOver();
  }

  /** Like k3s: there is no DaemonSet, only what flanneld publishes on the Nodes. */
  @Test
  void oneInAProcessOfTheNodeIsToldByWhatItPublishes() {
    String flanneld = Lab.run("bin", "flanneld").strip();
    String kubeconfig = Lab.run("kubeconfig").strip();
    for (int node : NODES) {
      Lab.node(
          node,
          """
          echo '{"Network": "10.244.0.0/16", "Backend": {"Type": "vxlan"}}' >/run/net-conf.json
          NODE_NAME=node%d setsid %s -kube-subnet-mgr -kubeconfig-file=%s \
          -net-config-path=/run/net-conf.json >/run/flanneld.log 2>&1 </dev/null &
          echo $! >/run/flanneld.pid
          """
              .formatted(node, flanneld, kubeconfig));
    }
    await("what it publishes")
        .atMost(2, MINUTES)
        .pollInterval(1, SECONDS)
        .until(ForeignFlannelE2E::allPublished);
    Network.rolls("{type: vxlan}");
    Network.awaitReason("Accepted", "ForeignFlannel");
    assertThat(Network.message(Lab.get("fnet", "default"), "Accepted"))
        .contains("nodes node1, node2 and node3 have", "pgrep -a flanneld");
    nothingOfOursIsThere();

    NODES.forEach(node -> Lab.node(node, "kill $(cat /run/flanneld.pid)"));
    assertThat(allPublished()).as("it takes nothing away").isTrue();
    handOver();
  }

  /** What an administrator does once the other flannel is gone. */
  private static void handOver() {
    Network.awaitReason("Accepted", "ForeignFlannel");
    Lab.kubectl(
        "annotate", "fnet", "default", "flannel.io/confirm-no-other-flannel=true", "--overwrite");
    Network.awaitReady();
    TestPods.restart(NODES);
    TestPods.allReachEachOther(NODES);
  }

  private static String binding() {
    return Lab.kubectl("get", "clusterrolebinding", "flannel", "-o", "jsonpath={.subjects}");
  }

  private static void nothingOfOursIsThere() {
    assertThat(Lab.kubectl("get", "namespace", "kube-flannel", "--ignore-not-found", "-o", "name"))
        .isBlank();
    assertThat(Lab.kubectl("get", "fnode", "-o", "name")).isBlank();
    assertThat(Lab.kubectl("get", "daemonsets", "-A", "-o", "name"))
        .doesNotContain("flannel-node-agent")
        .doesNotContain("kube-flannel-ds\n");
    JsonNode finalizers = Lab.get("fnet", "default").at("/metadata/finalizers");
    assertThat(finalizers).isEmpty();
  }

  private static boolean allPublished() {
    return StreamSupport.stream(Lab.get("nodes").path("items").spliterator(), false)
        .allMatch(node -> node.at("/metadata/annotations").has(PUBLISHED));
  }
}

package io.flannel.operator.e2e;

import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.flannel.operator.flannel.Installs;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Adopts a flannel that somebody else installed, while pods on every pair of nodes ping each other:
 * the installs of {@code src/test/resources/adoption}.
 */
@ExtendWith(InstalledOperator.class)
@Tag("slow")
class AdoptionE2E {
  private static final List<Integer> NODES = List.of(1, 2, 3);
  private static final Changes changes = new Changes();

  private static UpstreamInstall upstream;

  @BeforeAll
  static void flannelIsGone() {
    Network.becomes("{type: vxlan}");
    upstream = UpstreamInstall.ofTheLab(NODES);
    UpstreamInstall.networkIsGone();
  }

  @AfterAll
  static void end() throws IOException {
    changes.write();
    InstalledOperator.install();
  }

  /** Users install the operator where flannel already runs. */
  @BeforeEach
  void operatorIsGone() {
    InstalledOperator.uninstall();
  }

  @AfterEach
  void networkIsGone() {
    UpstreamInstall.networkIsGone();
  }

  @ParameterizedTest
  @CsvSource({
    "manifest-v0.28, kube-flannel, vxlan",
    "vxlan-vni-port-direct-routing, kube-flannel, vxlan",
    "ipip-in-kube-system, kube-system, ipip",
    "extra-arguments-private-registry, kube-flannel, vxlan"
  })
  void isTakenOver(String install, String namespace, String backend) {
    upstream.install(Installs.file(install), namespace);
    changes.under(
        "adoption of " + install,
        () -> {
          InstalledOperator.install();
          // A network that leaves out the customisations is refused, and the status has a matching
          // one.
          Network.rolls("{type: host-gw}");
          awaitAdoption("Refused");
          JsonNode adoption = Network.status().path("adoption");
          assertThat(adoption.path("differences")).isNotEmpty();
          Lab.apply(adoption.path("matching").asText());
          Network.awaitReady();
          awaitGone("configmap", namespace, "kube-flannel-cfg");
          Overlay.awaitNothingLeftOver();
        });
    assertThat(Network.status().at("/applied/backend").asText()).isEqualTo(backend);
    assertThat(Lab.kubectl("get", "daemonsets", "-A", "-o", "name").lines())
        .filteredOn(name -> name.endsWith("/kube-flannel-ds"))
        .hasSize(1);
    TestPods.allReachEachOther(NODES);
  }

  @Test
  void whatHasNoPlaceInTheApiIsRefusedByName() {
    Lab.tag(
        NODES,
        "docker.io/library/busybox:lab",
        "registry.k8s.io/networking/kube-network-policies:v1.0.0");
    upstream.install(Installs.file("refused-sidecar-and-bandwidth"), "kube-flannel");
    List<String> before = Overlay.pods();
    changes.under(
        "refused adoption",
        () -> {
          InstalledOperator.install();
          Network.rolls("{type: vxlan}");
          awaitAdoption("Refused");
        });
    JsonNode adoption = Network.status().path("adoption");
    assertThat(adoption.path("matching").asText()).isEmpty();
    assertThat(Network.message(Lab.get("fnet", "default"), "Accepted")).contains("bandwidth");
    assertThat(Overlay.pods()).isEqualTo(before);
    TestPods.allReachEachOther(NODES);
    Lab.kubectl("delete", "-f", Installs.file("refused-sidecar-and-bandwidth").toString());
    NODES.forEach(node -> Lab.node(node, "ip link delete flannel.1"));
  }

  private static void awaitAdoption(String phase) {
    await("adoption " + phase)
        .atMost(5, MINUTES)
        .pollInterval(1, SECONDS)
        .until(() -> Network.status().at("/adoption/phase").asText().equals(phase));
  }

  private static void awaitGone(String kind, String namespace, String name) {
    await("%s %s/%s to be gone".formatted(kind, namespace, name))
        .atMost(5, MINUTES)
        .pollInterval(1, SECONDS)
        .until(
            () -> Lab.kubectl("-n", namespace, "get", kind, name, "--ignore-not-found").isBlank());
  }
}

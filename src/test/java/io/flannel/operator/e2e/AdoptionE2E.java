package io.flannel.operator.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
 * A flannel that somebody else installed is taken over while pods on every pair of nodes ping each
 * other: the installs of {@code src/test/resources/adoption}.
 */
@ExtendWith(InstalledOperator.class)
@Tag("slow")
class AdoptionE2E {
  private static final Path INSTALLS = Path.of("src/test/resources/adoption");
  private static final List<Integer> NODES = List.of(1, 2, 3);
  private static final Pattern IMAGE =
      Pattern.compile("image: (\\S*/(flannel(?:-cni-plugin)?):\\S+)");

  private static final Changes changes = new Changes();

  /** The images that the lab's nodes have, by their last names. */
  private static String flannel;

  private static String cniPlugin;

  @BeforeAll
  static void flannelIsGone() {
    Network.becomes("{type: vxlan}");
    JsonNode pod =
        Lab.get("-n", "kube-flannel", "daemonset", "kube-flannel-ds").at("/spec/template/spec");
    flannel = pod.at("/containers/0/image").asText();
    cniPlugin = pod.at("/initContainers").findValuesAsText("image").getFirst();
    leave();
  }

  @AfterAll
  static void end() throws IOException {
    changes.write();
    InstalledOperator.install();
  }

  /** A user installs the operator beside the flannel that is there. */
  @BeforeEach
  void operatorIsGone() {
    InstalledOperator.uninstall();
  }

  @AfterEach
  void networkIsGone() {
    leave();
  }

  @ParameterizedTest
  @CsvSource({
    "manifest-v0.28, kube-flannel, vxlan",
    "vxlan-vni-port-direct-routing, kube-flannel, vxlan",
    "ipip-in-kube-system, kube-system, ipip",
    "extra-arguments-private-registry, kube-flannel, vxlan"
  })
  void isTakenOver(String install, String namespace, String backend) {
    installUpstream(install, namespace);
    changes.under(
        "adoption of " + install,
        () -> {
          InstalledOperator.install();
          // A network that says nothing of what was customised is refused, with one that matches.
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
    installUpstream("refused-sidecar-and-bandwidth", "kube-flannel");
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
    Lab.kubectl("delete", "-f", file("refused-sidecar-and-bandwidth").toString());
    NODES.forEach(node -> Lab.node(node, "ip link delete flannel.1"));
  }

  private static void installUpstream(String install, String namespace) {
    for (Matcher image : images(install)) {
      String from = image.group(2).equals("flannel") ? flannel : cniPlugin;
      if (!from.equals(image.group(1))) {
        Lab.tag(NODES, from, image.group(1));
      }
    }
    Lab.kubectl("apply", "-f", file(install).toString());
    Lab.kubectl("-n", namespace, "rollout", "status", "daemonset/kube-flannel-ds", "--timeout=5m");
    TestPods.restart(NODES);
    await("flannel's routes")
        .atMost(2, MINUTES)
        .pollInterval(1, SECONDS)
        .untilAsserted(() -> TestPods.allReachEachOther(NODES));
  }

  private static Path file(String install) {
    return INSTALLS.resolve(install + ".yaml");
  }

  private static List<Matcher> images(String install) {
    try {
      Set<String> lines = new TreeSet<>(Files.readAllLines(file(install), UTF_8));
      return lines.stream().map(IMAGE::matcher).filter(Matcher::find).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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

  /** Nothing of a network or a flannel is left, on the nodes either. */
  private static void leave() {
    if (Lab.kubectl("get", "fnet", "-o", "name").isBlank()) {
      return;
    }
    Lab.kubectl(
        "patch",
        "fnet",
        "default",
        "--type=merge",
        "-p",
        "{\"spec\":{\"deletionPolicy\":\"Cleanup\"}}");
    // What is deleted before the operator has seen that is deleted as it was.
    Lab.kubectl(
        "wait",
        "--for=jsonpath={.metadata.finalizers[0]}=flannel.io/cleanup",
        "fnet/default",
        "--timeout=1m");
    Lab.kubectl("delete", "fnet", "default", "--timeout=5m");
    await("the nodes to be as before flannel")
        .atMost(2, MINUTES)
        .pollInterval(1, SECONDS)
        .until(() -> Overlay.devices().isEmpty());
    Lab.kubectl("wait", "--for=delete", "namespace/kube-flannel", "--timeout=2m");
  }
}

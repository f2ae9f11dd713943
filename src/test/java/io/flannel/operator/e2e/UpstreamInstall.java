package io.flannel.operator.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
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

/**
 * Installs a flannel from an upstream manifest, as a user does, with the images that the lab's
 * nodes have.
 *
 * @param nodes the lab's
 * @param flannel flannel's image
 * @param cniPlugin the image of its CNI plugin
 */
record UpstreamInstall(List<Integer> nodes, String flannel, String cniPlugin) {
  private static final Pattern IMAGE =
      Pattern.compile("image: (\\S*/(flannel(?:-cni-plugin)?):\\S+)");

  /** Uses the images of the running network. */
  static UpstreamInstall ofTheLab(List<Integer> nodes) {
    JsonNode pod =
        Lab.get("-n", "kube-flannel", "daemonset", "kube-flannel-ds").at("/spec/template/spec");
    return new UpstreamInstall(
        nodes,
        pod.at("/containers/0/image").asText(),
        pod.at("/initContainers").findValuesAsText("image").getFirst());
  }

  /** Installs a manifest, and waits until the test pods reach each other through it. */
  void install(Path manifest, String namespace) {
    install(manifest, namespace, "kube-flannel-ds");
  }

  /** Installs a manifest whose DaemonSet has another name. */
  void install(Path manifest, String namespace, String daemonSet) {
    for (Matcher image : images(manifest)) {
      String from = image.group(2).equals("flannel") ? flannel : cniPlugin;
      if (!from.equals(image.group(1))) {
        Lab.tag(nodes, from, image.group(1));
      }
    }
    Lab.kubectl("apply", "-f", manifest.toString());
    awaitRollout(namespace, daemonSet);
    TestPods.restart(nodes);
    await("flannel's routes")
        .atMost(2, MINUTES)
        .pollInterval(1, SECONDS)
        .untilAsserted(() -> TestPods.allReachEachOther(nodes));
  }

  /** Waits until every node runs a ready pod of the DaemonSet. */
  static void awaitRollout(String namespace, String daemonSet) {
    Lab.kubectl("-n", namespace, "rollout", "status", "daemonset/" + daemonSet, "--timeout=5m");
  }

  private static List<Matcher> images(Path manifest) {
    try {
      Set<String> lines = new TreeSet<>(Files.readAllLines(manifest, UTF_8));
      return lines.stream().map(IMAGE::matcher).filter(Matcher::find).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Ensures that nothing of a network or a flannel is left, not even on the nodes. */
  static void networkIsGone() {
    if (Lab.kubectl("get", "fnet", "-o", "name").isBlank()) {
      return;
    }
    // A cleanup also removes what another flannel published and left, but only for a network in
    // force. A network that was refused for that flannel has to be accepted first.
    Lab.kubectl(
        "annotate", "fnet", "default", "flannel.io/confirm-no-other-flannel=true", "--overwrite");
    Lab.kubectl(
        "patch",
        "fnet",
        "default",
        "--type=merge",
        "-p",
        "{\"spec\":{\"deletionPolicy\":\"Cleanup\"}}");
    // Wait for the finalizer: if the operator has not seen the new policy at deletion, it does not
    // clean up.
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

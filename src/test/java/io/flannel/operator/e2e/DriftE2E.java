package io.flannel.operator.e2e;

import static java.util.concurrent.TimeUnit.MINUTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What is edited or deleted by hand is restored, and packets keep flowing. */
@ExtendWith(InstalledOperator.class)
class DriftE2E {
  private static final List<Integer> NODES = List.of(1, 2);

  @BeforeAll
  static void aNetwork() {
    Network.becomes("{type: ipip}");
    TestPods.start(NODES);
  }

  @Test
  void anEditedDaemonSetComesBack() {
    String before = args();
    Lab.kubectl(
        "-n",
        "kube-flannel",
        "patch",
        "ds",
        "kube-flannel-ds",
        "--type=json",
        "-p",
        """
        [{"op": "replace", "path": "/spec/template/spec/containers/0/args/0", "value": "--help"}]
        """);
    await().atMost(1, MINUTES).until(() -> args().equals(before));
    Network.awaitReady();
    TestPods.allReachEachOther(NODES);
  }

  @Test
  void aDeletedConfigMapComesBack() {
    String name = "kube-flannel-cfg-" + Network.status().at("/applied/configHash").asText();
    String uid = uid("configmap", name);
    Lab.kubectl("-n", "kube-flannel", "delete", "configmap", name);
    await()
        .atMost(1, MINUTES)
        .until(
            () -> {
              String now = uid("configmap", name);
              return !now.isEmpty() && !now.equals(uid);
            });
  }

  @Test
  void theNamespacesLabelsComeBackAndForeignOnesStay() {
    Lab.kubectl(
        "label",
        "namespace",
        "kube-flannel",
        "--overwrite",
        "pod-security.kubernetes.io/enforce=restricted",
        "team=network");
    await()
        .atMost(1, MINUTES)
        .until(() -> label("pod-security.kubernetes.io~1enforce").equals("privileged"));
    assertThat(label("team")).isEqualTo("network");
  }

  @Test
  void aDeletedDaemonSetComesBackAndPacketsGoOn() {
    String deleted = uidOfDaemonSet();
    // The operator may recreate the DaemonSet before kubectl notices that this one is gone.
    Lab.kubectl(
        "-n",
        "kube-flannel",
        "delete",
        "ds",
        "kube-flannel-ds",
        "--cascade=orphan",
        "--wait=false");
    await().atMost(1, MINUTES).until(() -> !Set.of(deleted, "").contains(uidOfDaemonSet()));
    TestPods.allReachEachOther(NODES);
    Network.awaitReady();
  }

  private static String args() {
    JsonNode daemonSet = Lab.get("-n", "kube-flannel", "ds", "kube-flannel-ds");
    return daemonSet.at("/spec/template/spec/containers/0/args").toString();
  }

  private static String uidOfDaemonSet() {
    return uid("daemonset", "kube-flannel-ds");
  }

  private static String uid(String kind, String name) {
    return Lab.kubectl(
        "-n",
        "kube-flannel",
        "get",
        kind,
        name,
        "--ignore-not-found",
        "-o",
        "jsonpath={.metadata.uid}");
  }

  private static String label(String pointer) {
    return Lab.get("namespace", "kube-flannel").at("/metadata/labels/" + pointer).asText();
  }
}

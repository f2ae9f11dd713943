package io.flannel.operator.e2e;

import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Operator and network come from a Git repository, through Flux's kustomize-controller and the
 * Kustomizations of {@code docs/gitops/flux}. The operator is installed from {@code install.yaml},
 * rendered as {@code make install.yaml} does.
 */
@TestMethodOrder(OrderAnnotation.class)
class GitOpsE2E {
  private static final String NETWORK_FILE = "network/flannelnetwork.yaml";

  /** The format of cli-utils; two underscores stand for a colon in a name. */
  private static final Pattern INVENTORY_ID =
      Pattern.compile("(?<namespace>[^_]*)_(?<name>.+)_(?<group>[^_]*)_(?<kind>[^_]+)");

  /** A line of the spec that changes nothing in the data plane. */
  private static final String SOON = "rollout: {progressDeadline: 9m}";

  private static Changes changes;
  private static List<Integer> nodes;
  private static GitRepository repository;
  private static Flux flux;

  /** The backend that runs before; {@link #after} is the one that the repository changes it to. */
  private static String before;

  private static String after;

  @BeforeAll
  static void begin() throws IOException {
    nodes = Lab.nodes();
    changes = new Changes(nodes);
    // An administrator who introduces GitOps commits what runs.
    before = Network.runningBackend().orElse("vxlan");
    after = before.equals("ipip") ? "vxlan" : "ipip";
    InstalledOperator.uninstall();
    repository = GitRepository.in(Files.createTempDirectory("cluster"));
    flux = Flux.follow(repository);
  }

  @AfterAll
  static void end() throws IOException {
    changes.write();
    if (flux != null) {
      Flux.delete("network");
      Flux.delete("flannel-operator");
      flux.close();
    }
    Lab.kubectl(
        "delete", "namespace", InstalledOperator.NAMESPACE, "--ignore-not-found", "--timeout=3m");
  }

  @Test
  @Order(1)
  void operatorAndNetworkComeFromGit() {
    repository.write("operator/install.yaml", installYaml());
    // A file that stays when the network is removed, since Git has no empty folders.
    repository.write(
        "network/contact.yaml",
        """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: contact, namespace: %s}
        data: {team: network}
        """
            .formatted(Flux.NAMESPACE));
    commitNetwork("10.244.0.0/16", before, SOON);
    String revision = flux.publish("The operator and the network");

    // With source-controller, the source would be this GitRepository. Checks it against the schema.
    Lab.apply(Flux.sample("source"));
    Lab.kubectl("-n", Flux.NAMESPACE, "delete", "gitrepository", "cluster");
    Flux.applySample("operator");
    Flux.applySample("network");

    flux.awaitGreen("flannel-operator", revision);
    flux.awaitGreen("network", revision);
    assertThatEveryNodeIsDone(before);
    TestPods.restart(nodes);
    TestPods.allReachEachOther(nodes);
  }

  @Test
  @Order(2)
  void aChangeOfTheBackendIsGreenWhenEveryNodeIsDoneAndNotBefore() {
    List<String> whileItWent = new ArrayList<>();
    changes.under(
        "by Flux: %s to %s".formatted(before, after),
        () -> {
          commitNetwork("10.244.0.0/16", after, SOON);
          String revision = flux.publish("Another backend");
          await("network to be green, of " + revision)
              .atMost(10, MINUTES)
              .pollInterval(1, SECONDS)
              .until(
                  () -> {
                    // Read in this order: if the Kustomization is green, the network must already
                    // be done.
                    JsonNode kustomization = Flux.kustomization("network");
                    JsonNode network = Lab.get("fnet", "default");
                    boolean green = Flux.isGreen(kustomization, revision);
                    if (!network.at("/status/applied/backend").asText().equals(after)
                        || !isReady(network)) {
                      assertThat(green).as("green before %s", network.path("status")).isFalse();
                      whileItWent.add(
                          Network.condition(kustomization, "Ready").path("reason").asText());
                    }
                    return green;
                  });
          assertThatEveryNodeIsDone(after);
        });
    assertThat(whileItWent).as("Flux's reason while nodes changed").contains("Progressing");
  }

  @Test
  @Order(3)
  @Tag("slow")
  void aSecondReconciliationHasNothingToApply() {
    Overlay.awaitNothingLeftOver();
    Map<String, String> applied = appliedByFlux();
    assertThat(applied)
        .containsKey("FlannelNetwork/default")
        .containsKey("Deployment/flannel-operator")
        .containsKey("CustomResourceDefinition/flannelnetworks.flannel.io");

    flux.reconcile("flannel-operator");
    flux.reconcile("network");

    assertThat(appliedByFlux()).isEqualTo(applied);
  }

  @Test
  @Order(4)
  void handMadeEditIsPutBack() {
    Lab.kubectl(
        "patch",
        "fnet",
        "default",
        "--type=merge",
        "-p",
        "{\"spec\":{\"rollout\":{\"progressDeadline\":\"3m\"},\"paused\":true}}");
    flux.reconcile("network");

    JsonNode spec = Lab.get("fnet", "default").path("spec");
    assertThat(spec.at("/rollout/progressDeadline").asText()).isEqualTo("9m");
    assertThat(spec.path("paused").asBoolean()).as("what Git does not say").isFalse();
    Network.awaitReady();
  }

  /**
   * A change that the operator can't carry out: the FlannelNetwork has its message, and Flux's
   * points to the FlannelNetwork.
   */
  @Test
  @Order(5)
  void aRefusedChangeFailsAndNothingIsTouched() {
    List<String> pods = Overlay.pods();
    commitNetwork("10.99.0.0/16", after, SOON);
    String revision = flux.publish("A CIDR that the nodes' podCIDRs are not in");

    JsonNode red = flux.awaitRed("network", revision, "HealthCheckFailed");
    assertThat(red.path("message").asText()).contains("FlannelNetwork/default status: 'Failed'");
    assertThat(Network.message(Lab.get("fnet", "default"), "Ready"))
        .contains("10.244.1.0/24", "10.99.0.0/16", "what to do:");
    assertThat(Overlay.pods()).isEqualTo(pods);
    TestPods.allReachEachOther(nodes);
  }

  /** An invalid object never enters the cluster: Flux's condition has the schema's message. */
  @Test
  @Order(6)
  void specThatTheSchemaRefusesFailsInOurWords() {
    repository.write(NETWORK_FILE, network("10.244.0.0/16", "host-gw, directRouting: true", SOON));
    String revision = flux.publish("An option of another backend");

    JsonNode red = flux.awaitRed("network", revision, "ReconciliationFailed");
    assertThat(red.path("message").asText()).contains("directRouting", "vxlan and ipip");
    assertThat(Network.status().at("/applied/backend").asText()).isEqualTo(after);

    commitNetwork("10.244.0.0/16", after, SOON);
    flux.awaitGreen("network", flux.publish("As before"));
  }

  @Test
  @Order(7)
  void aPruneOfTheNetworkLeavesFlannelRunning() {
    String flannel = flannel();
    changes.under(
        "by Flux: a prune, and back",
        () -> {
          repository.remove(NETWORK_FILE);
          flux.awaitGreen("network", flux.publish("No network any more"));
          assertThat(Lab.kubectl("get", "fnet", "-o", "name")).isBlank();
          assertThat(flannel()).isEqualTo(flannel);
          TestPods.allReachEachOther(nodes);

          commitNetwork("10.244.0.0/16", after, SOON);
          flux.awaitGreen("network", flux.publish("The network again"));
          assertThatEveryNodeIsDone(after);
        });
    assertThat(flannel()).as("taken over as it ran").isEqualTo(flannel);
  }

  @Test
  @Order(8)
  @Tag("slow")
  void networkStaysAndFlannelRunsWithoutTheOperator() {
    String flannel = flannel();
    changes.under(
        "by Flux: the operator goes",
        () -> {
          Flux.delete("flannel-operator");
          Lab.kubectl(
              "wait", "--for=delete", "namespace/" + InstalledOperator.NAMESPACE, "--timeout=3m");
          TestPods.allReachEachOther(nodes);
        });
    assertThat(Lab.kubectl("get", "fnet", "-o", "name").strip())
        .isEqualTo("flannelnetwork.flannel.io/default");
    assertThat(flannel()).isEqualTo(flannel);
  }

  private static void commitNetwork(String cidr, String backend, String more) {
    repository.write(NETWORK_FILE, network(cidr, backend, more));
  }

  private static String network(String cidr, String backend, String more) {
    return """
    apiVersion: flannel.io/v1alpha1
    kind: FlannelNetwork
    metadata: {name: default}
    spec:
      cidr: %s
      backend: {type: %s}
      cni: {version: 0.4.0}
      %s
    """
        .formatted(cidr, backend, more);
  }

  /** Renders the operator as one file, with the image that the lab's nodes have. */
  private static String installYaml() {
    return Lab.run(
        "helm",
        "template",
        "flannel-operator",
        "helm",
        "--namespace",
        InstalledOperator.NAMESPACE,
        "--kube-version",
        "1.31.0",
        "--include-crds",
        "--set",
        "namespace.create=true,image.tag=dev,image.pullPolicy=Never");
  }

  private static boolean isReady(JsonNode network) {
    return network.at("/status/observedGeneration").asLong()
            == network.at("/metadata/generation").asLong()
        && Network.condition(network, "Ready").path("status").asText().equals("True");
  }

  private static void assertThatEveryNodeIsDone(String backend) {
    JsonNode network = Lab.get("fnet", "default");
    assertThat(isReady(network)).as("Ready: %s", network.path("status")).isTrue();
    assertThat(network.at("/status/applied/backend").asText()).isEqualTo(backend);
    JsonNode summary = network.at("/status/summary");
    assertThat(summary.path("leased").asInt()).isEqualTo(nodes.size());
    assertThat(summary.path("healthy").asInt()).isEqualTo(nodes.size());
    JsonNode daemonSet =
        Lab.get("-n", "kube-flannel", "daemonset", "kube-flannel-ds").path("status");
    assertThat(daemonSet.path("updatedNumberScheduled").asInt()).isEqualTo(nodes.size());
  }

  /**
   * Returns by kind and name what Flux has applied of each object in the Kustomizations'
   * inventories, and when. An apply that changes nothing does not change this.
   */
  private static Map<String, String> appliedByFlux() {
    Map<String, String> applied = new TreeMap<>();
    for (String kustomization : List.of("flannel-operator", "network")) {
      for (JsonNode entry : Flux.kustomization(kustomization).at("/status/inventory/entries")) {
        Matcher id = INVENTORY_ID.matcher(entry.path("id").asText());
        assertThat(id.matches()).as("an inventory's id: %s", entry).isTrue();
        String kind = id.group("kind");
        String name = id.group("name").replace("__", ":");
        JsonNode object =
            Lab.get(
                "--show-managed-fields",
                "-n",
                id.group("namespace"),
                id.group("group").isEmpty() ? kind : kind + "." + id.group("group"),
                name);
        for (JsonNode manager : object.at("/metadata/managedFields")) {
          if (manager.path("manager").asText().equals("kustomize-controller")) {
            applied.merge(kind + "/" + name, manager.toString(), String::concat);
          }
        }
      }
    }
    return applied;
  }

  /** Returns what would differ if anything had changed flannel's objects or pods. */
  private static String flannel() {
    return Lab.kubectl(
            "-n",
            "kube-flannel",
            "get",
            "daemonset,configmap",
            "-o",
            "jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.uid}"
                + " {.metadata.generation}{\"\\n\"}{end}")
        + Overlay.pods();
  }
}

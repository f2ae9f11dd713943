package io.flannel.operator.plugin;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.flannel.operator.testing.cli.UserShell;
import io.flannel.operator.testing.cli.UserShell.Answer;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeKubelets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** {@code kubectl flannel bundle}: contains what a bug report needs, and no secret. */
class BundleIT {
  /** The prefix of every planted secret. */
  private static final String SECRET = "GEHEIM";

  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  @TempDir Path folder;

  @AfterAll
  static void noSecrets() {
    var client = cluster.client();
    client.apps().deployments().inNamespace(TestCluster.SYSTEM).delete();
    client.secrets().inNamespace(TestCluster.FLANNEL).delete();
    client.configMaps().inNamespace(TestCluster.FLANNEL).withName("kube-flannel-cfg").delete();
  }

  @Test
  void whatABugReportNeedsIsInItAndNoSecret() throws Exception {
    cluster.deployment();
    cluster.nodes(3);
    try (var kubelets = FakeKubelets.on(cluster)) {
      TestNetwork network = TestNetwork.of(cluster, "default").apply(TestNetwork.IPIP).awaitReady();
      kubelets.agents().lose("node-2");
      eventually("a problem", () -> assertThat(network.status().problems()).isNotEmpty());
      plant(network);
      UserShell shell = UserShell.of(cluster.api()).forwardingTo(operator.process(), folder);
      Path archive = folder.resolve("bundle.tar.gz");
      Answer made = shell.run("kubectl flannel bundle " + archive);
      assertThat(made.code()).as(made.said()).isZero();
      assertThat(Files.getPosixFilePermissions(archive))
          .isEqualTo(PosixFilePermissions.fromString("rw-------"));
      assertThat(shell.run("kubectl flannel bundle " + archive).said())
          .contains("is there already");

      Map<String, String> files = unpacked(archive);
      assertThat(files.get("operator.txt"))
          .contains("== status of default", "EncapsulationBlocked: node-2", "== nodes of default");
      assertThat(files.get("flannelnetworks.yaml"))
          .contains("kind: FlannelNetwork", "reason: EncapsulationBlocked", "cidr: 10.244.0.0/16");
      assertThat(files.get("flannelnodes.yaml")).contains("name: node-3", "rttP50Micros");
      assertThat(files.get("nodes.txt"))
          .contains(
              "podCIDRs 10.244.2.0/24",
              "InternalIP=192.168.0.2",
              "flannel.alpha.coreos.com/backend-type=ipip");
      assertThat(files.get("daemonsets.yaml"))
          .contains("name: kube-flannel-ds", "name: flannel-node-agent", "--kube-subnet-mgr");
      assertThat(files.get("deployments.yaml")).contains("FLANNEL_DEPLOYMENT");
      assertThat(files.get("configmaps.yaml"))
          .contains("kube-flannel-cfg-", "\"Type\": \"wireguard\"");
      assertThat(files.get("leases.yaml")).contains("holderIdentity: operator-1");
      assertThat(files.get("pods.txt")).contains("kube-flannel-ds-");
      assertThat(files.get("events.txt"))
          .contains("flannelnetwork/default", "EncapsulationBlocked");
      assertThat(files.get("versions.yaml")).contains("serverVersion:");
      assertThat(files.get("crds.txt")).contains("flannelnodes.flannel.io");
      assertThat(files.get("pods.yaml"))
          .contains("name: kube-flannel-ds-", "name: flannel-node-agent-");
      // The logs are empty, since these pods run on no node; PluginE2E has real ones.
      assertThat(files.keySet())
          .anyMatch(it -> it.startsWith("logs/kube-flannel.kube-flannel-ds-"));
      assertThat(files).doesNotContainKey("errors.txt");
      assertThat(files.get("README.txt")).contains("Left out: ");
      files.forEach(
          (name, text) -> assertThat(text).as(name).doesNotContain(SECRET, "managedFields:\n"));
    }
  }

  /** Plants a secret in each place that can contain one. */
  private static void plant(TestNetwork network) {
    var client = cluster.client();
    network.annotate("example.org/token", SECRET + "-annotation");
    network.annotate("kubectl.kubernetes.io/last-applied-configuration", SECRET + "-applied");
    client
        .nodes()
        .withName("node-1")
        .edit(
            node -> {
              node.getMetadata().getAnnotations().put("example.org/key", SECRET + "-node");
              return node;
            });
    client
        .resource(
            new SecretBuilder()
                .withNewMetadata()
                .withName("wireguard")
                .withNamespace(TestCluster.FLANNEL)
                .addToLabels("app", "flannel")
                .endMetadata()
                .addToStringData("psk", SECRET + "-psk")
                .build())
        .createOr(it -> it.update());
    client
        .resource(
            new ConfigMapBuilder()
                .withNewMetadata()
                .withName("kube-flannel-cfg")
                .withNamespace(TestCluster.FLANNEL)
                .addToLabels("app", "flannel")
                .endMetadata()
                .addToData(
                    "net-conf.json",
                    """
                    {
                      "Network": "10.244.0.0/16",
                      "Backend": {"Type": "wireguard", "PSK": "%s-net-conf="}
                    }
                    """
                        .formatted(SECRET))
                .build())
        .createOr(it -> it.update());
    client
        .apps()
        .deployments()
        .inNamespace(TestCluster.SYSTEM)
        .withName("flannel-operator")
        .edit(
            deployment -> {
              var container =
                  deployment.getSpec().getTemplate().getSpec().getContainers().getFirst();
              container
                  .getEnv()
                  .add(
                      new EnvVarBuilder()
                          .withName("PROXY_PASSWORD")
                          .withValue(SECRET + "-env\n\n" + SECRET + "-second-line")
                          .build());
              container.setArgs(
                  new ArrayList<>(
                      List.of("-Dtoken=" + SECRET + "-arg", "--password", SECRET + "-next-arg")));
              return deployment;
            });
  }

  private static Map<String, String> unpacked(Path archive) throws Exception {
    Path to = Files.createDirectory(archive.resolveSibling("unpacked"));
    Process tar =
        new ProcessBuilder("tar", "-xzf", archive.toString(), "-C", to.toString())
            .inheritIO()
            .start();
    assertThat(tar.waitFor()).isZero();
    Map<String, String> files = new TreeMap<>();
    try (var all = Files.walk(to)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        files.put(
            to.relativize(file).toString().replaceFirst("^[^/]*/", ""),
            Files.readString(file, UTF_8));
      }
    }
    return files;
  }
}

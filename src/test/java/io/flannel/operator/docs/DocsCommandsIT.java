package io.flannel.operator.docs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.flannel.operator.testing.cli.UserShell;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeKubelets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs every command of the README and the documents exactly as written, in a cluster with a
 * network of three nodes with simulated kubelets.
 */
class DocsCommandsIT {
  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  /**
   * Prefixes of commands that need something else than such a cluster, and what tests them instead.
   */
  private static final Map<String, String> ELSEWHERE =
      Map.ofEntries(
          Map.entry("make ", "the Makefile's own: CI runs them, and people do"),
          Map.entry("mvn package ", "make demo, which packages the same"),
          Map.entry("docker ", "make demo, which builds the same Dockerfile: needs Docker"),
          Map.entry("helm install flannel-operator ", "HelmReleaseIT"),
          Map.entry("helm upgrade flannel-operator ", "HelmReleaseIT"),
          Map.entry("kubectl apply -f target/install.yaml", "InstallYamlIT"),
          Map.entry("kubectl delete -f target/install.yaml", "InstallYamlIT"),
          Map.entry(
              "kubectl get fnet default -o jsonpath='{.status.adoption.matching}' |",
              "AdoptionE2E: needs a flannel of someone else's"),
          Map.entry(
              "kubectl -n flannel-operator port-forward ",
              "PluginE2E forwards one: needs a kubelet, and does not end"),
          Map.entry("kubectl port-forward", "named only, and as the one above"),
          Map.entry("kubectl -n flux-system ", "GitOpsE2E: needs Flux"),
          Map.entry(
              "kubectl delete fnet default", "DeletionE2E: no other command has a network then"),
          Map.entry("kubectl -n kube-flannel logs POD", "nothing: needs a kubelet"));

  /** Commands that a sentence only names, without arguments: they just have to exist. */
  private static final Set<String> NAMED_ONLY =
      Set.of(
          "helm uninstall",
          "helm rollback",
          "helm upgrade",
          "kubectl apply",
          "kubectl apply -f -",
          "kubectl describe",
          "kubectl drain",
          "kubectl rollout restart",
          "kubectl rollout status",
          "kubectl uncordon");

  @TempDir Path folder;

  @Test
  void everyCommandDoesWhatItIsThereFor() throws IOException {
    nothingIsLeftOutThatNoDocumentSays();
    cluster.nodes(3);
    try (var kubelets = FakeKubelets.on(cluster)) {
      TestNetwork.of(cluster, "default")
          .apply(TestNetwork.IPIP + "deletionPolicy: Cleanup")
          .awaitReady();
      namespace("flannel-operator");
      argoCd();
      List<DocsCommand> here =
          DocsCommand.all().stream()
              .filter(command -> ELSEWHERE.keySet().stream().noneMatch(command.text()::startsWith))
              .toList();
      assertThat(here).hasSizeGreaterThan(25);
      cluster.deployment();
      UserShell shell =
          UserShell.of(cluster.api())
              .forwardingTo(operator.process(), Files.createDirectory(folder.resolve("bin")));
      SoftAssertions.assertSoftly(
          softly ->
              here.forEach(
                  command -> {
                    UserShell.Answer answer = shell.run(filledIn(command));
                    softly
                        .assertThat(answer.code())
                        .as("%s%n%s", command, answer.said())
                        .isIn(tells(command) ? Set.of(0, 1) : Set.of(0));
                  }));
    }
  }

  private static void nothingIsLeftOutThatNoDocumentSays() throws IOException {
    Set<String> said = DocsCommand.all().stream().map(DocsCommand::text).collect(toSet());
    assertThat(ELSEWHERE.keySet())
        .allSatisfy(
            words -> assertThat(said).anySatisfy(text -> assertThat(text).startsWith(words)));
    assertThat(said).containsAll(NAMED_ONLY);
  }

  /**
   * Whether its exit code depends on the health of the network, which other commands just changed.
   */
  private static boolean tells(DocsCommand command) {
    return command.text().startsWith("kubectl flannel ");
  }

  /** Replaces the placeholders that a reader fills in. */
  private String filledIn(DocsCommand command) {
    if (NAMED_ONLY.contains(command.text())) {
      return command.text() + " --help";
    }
    String pod =
        cluster.client().pods().inNamespace(TestCluster.FLANNEL).list().getItems().stream()
            .map(Pod::getMetadata)
            .map(meta -> meta.getName())
            .findFirst()
            .orElseThrow();
    try {
      Path plan = withSample("network.yaml", "  paused: true\n");
      Path network = withSample("flannelnetwork.yaml", "  paused: false\n");
      return command
          .text()
          .replaceAll("\\bNODE\\b", "node-1")
          .replaceAll("\\bPEER\\b", "node-2")
          .replaceAll("\\bPOD\\b", pod)
          .replaceAll("\\bNETWORK\\b", "default")
          .replace("~/.local/bin", folder.toString())
          .replaceAll(
              "(flannel bundle)$",
              "$1 "
                  + folder.resolve(command.file().getFileName() + "-" + command.line() + ".tar.gz"))
          .replace("-n flannel-operator annotate", "-n %s annotate".formatted(TestCluster.SYSTEM))
          .replace("-f network.yaml", "-f " + plan)
          .replace("-f network/flannelnetwork.yaml", "-f " + network);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Writes a file with a reader's FlannelNetwork and more lines of its spec. */
  private Path withSample(String name, String more) throws IOException {
    return Files.writeString(
        folder.resolve(name), Files.readString(Path.of("docs/samples/vxlan.yaml"), UTF_8) + more);
  }

  /** Creates Argo CD's ConfigMap, with an entry that must stay. */
  private static void argoCd() {
    namespace("argocd");
    cluster
        .client()
        .resource(
            new ConfigMapBuilder()
                .withNewMetadata()
                .withName("argocd-cm")
                .withNamespace("argocd")
                .endMetadata()
                .addToData("url", "https://argocd.example.org")
                .build())
        .createOr(it -> it.update());
  }

  private static void namespace(String name) {
    cluster
        .client()
        .resource(new NamespaceBuilder().withNewMetadata().withName(name).endMetadata().build())
        .createOr(it -> it.update());
  }
}

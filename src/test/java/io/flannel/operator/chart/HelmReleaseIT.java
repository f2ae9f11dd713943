package io.flannel.operator.chart;

import static java.util.concurrent.TimeUnit.MINUTES;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinitionList;
import io.fabric8.kubernetes.client.dsl.NonNamespaceOperation;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.testing.apiserver.ApiServer;
import io.flannel.operator.testing.cli.Helm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What happens to CRDs and network over the life of a release, with the real helm and a real API
 * server.
 */
class HelmReleaseIT {
  @RegisterExtension static final ApiServer api = new ApiServer();

  private static final String CHART = "helm";
  private static final List<String> CRDS =
      List.of("flannelnetworks.flannel.io", "flannelnodes.flannel.io");
  private static final String NETWORK =
      "network.create=true,network.spec.cidr=10.244.0.0/16,network.spec.backend.type=ipip";

  @BeforeEach
  void noCrds() {
    CRDS.forEach(name -> crds().withName(name).delete());
    CRDS.forEach(name -> crds().withName(name).waitUntilCondition(it -> it == null, 1, MINUTES));
  }

  @Test
  void theCrdsAreUpgradedWithTheChartAndStayWithTheNetworkWhenItGoes() throws IOException {
    helm("install", "flannel-operator", CHART, "flannel-operator", "--set", NETWORK);
    assertThat(network()).isNotNull();

    helm("upgrade", "flannel-operator", newer(), "flannel-operator", "--reuse-values");
    assertThatAllAreNewer();

    helm("rollback", "flannel-operator", "1", "flannel-operator");
    CRDS.forEach(name -> assertThat(isNewer(name)).as(name).isFalse());

    String uid = network().getMetadata().getUid();
    helm("uninstall", "flannel-operator", "--wait", "flannel-operator");
    CRDS.forEach(name -> assertThat(crds().withName(name).get()).as(name).isNotNull());
    assertThat(network().getMetadata().getUid()).isEqualTo(uid);
  }

  @Test
  void aReleaseOfAnotherNameUpgradesThemOnceItOwnsThem() throws IOException {
    assertThat(helm("install", "mine", CHART, "elsewhere"))
        .contains("meta.helm.sh/release-name=mine meta.helm.sh/release-namespace=elsewhere");
    helm("upgrade", "mine", newer(), "elsewhere");
    CRDS.forEach(name -> assertThat(isNewer(name)).as(name).isFalse());

    CRDS.forEach(
        name ->
            crds()
                .withName(name)
                .edit(
                    crd -> {
                      crd.getMetadata()
                          .getAnnotations()
                          .putAll(
                              Map.of(
                                  "meta.helm.sh/release-name", "mine",
                                  "meta.helm.sh/release-namespace", "elsewhere"));
                      return crd;
                    }));
    assertThat(helm("upgrade", "mine", newer(), "elsewhere")).doesNotContain("meta.helm.sh");
    assertThatAllAreNewer();
    helm("uninstall", "mine", "--wait", "elsewhere");
    CRDS.forEach(name -> assertThat(crds().withName(name).get()).as(name).isNotNull());
  }

  private static String helm(
      String verb, String release, String word, String namespace, String... more) {
    List<String> words = new ArrayList<>(List.of(verb, release, word, "--namespace", namespace));
    if (verb.equals("install")) {
      words.add("--create-namespace");
    }
    words.addAll(List.of(more));
    return Helm.in(api, words.toArray(String[]::new));
  }

  /** Returns a copy of the chart with a change in each CRD. */
  private static String newer() throws IOException {
    Path to = api.directory().resolve("newer");
    try (var files = Files.walk(Path.of(CHART))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path copy = to.resolve(Path.of(CHART).relativize(file));
        Files.createDirectories(copy.getParent());
        String text = Files.readString(file);
        Files.writeString(
            copy,
            file.startsWith(Path.of(CHART, "crds"))
                ? text.replace("description: \"What is wanted.\"", "description: \"newer\"")
                : text);
      }
    }
    return to.toString();
  }

  private static void assertThatAllAreNewer() {
    CRDS.forEach(name -> assertThat(isNewer(name)).as(name).isTrue());
  }

  private static boolean isNewer(String name) {
    return crds()
        .withName(name)
        .require()
        .getSpec()
        .getVersions()
        .getFirst()
        .getSchema()
        .getOpenAPIV3Schema()
        .getProperties()
        .get("spec")
        .getDescription()
        .equals("newer");
  }

  private static FlannelNetwork network() {
    return api.client().resources(FlannelNetwork.class).withName("default").get();
  }

  private static NonNamespaceOperation<
          CustomResourceDefinition,
          CustomResourceDefinitionList,
          Resource<CustomResourceDefinition>>
      crds() {
    return api.client().apiextensions().v1().customResourceDefinitions();
  }
}

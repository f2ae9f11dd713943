package io.flannel.operator.plugin;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.testing.cli.Helm;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * The rights that the chart and the plugin publish for users and pods. Our pods are on the host
 * network: a port forwarded to one leads to its node's loopback, and so does a command in it.
 */
class PublishedRightsIT {
  private static final Path VARIANTS = Path.of("helm/ci");

  /** Resources that give access to a pod, or to anything else that a node listens on. */
  private static final Set<String> WAYS_IN =
      Set.of(
          "*",
          "*/*",
          "pods/*",
          "*/portforward",
          "*/exec",
          "*/attach",
          "*/proxy",
          "*/ephemeralcontainers",
          "pods/portforward",
          "pods/exec",
          "pods/attach",
          "pods/proxy",
          "pods/ephemeralcontainers",
          "nodes/proxy",
          "nodes/*",
          "services/*",
          "serviceaccounts/*");

  /** Resources that would be such access unless the rule names one object. */
  private static final Set<String> BY_NAME_ONLY = Set.of("services/proxy", "serviceaccounts/token");

  @Test
  void nothingLeadsIntoOurPods() throws IOException {
    List<HasMetadata> all = new ArrayList<>(objects(Files.newInputStream(PublishedRights.FILE)));
    for (Path values : variants()) {
      all.addAll(objects(Helm.template(values)));
    }
    int rules = 0;
    for (HasMetadata object : all) {
      for (PolicyRule rule : rules(object)) {
        rules++;
        String where = object.getKind() + " " + object.getMetadata().getName() + ": " + rule;
        assertThat(resources(rule)).as(where).doesNotContainAnyElementsOf(WAYS_IN);
        if (resources(rule).stream().anyMatch(BY_NAME_ONLY::contains)) {
          assertThat(rule.getResourceNames()).as(where).hasSize(1);
          assertThat(rule.getVerbs()).as(where).containsExactly("create");
        }
      }
    }
    assertThat(rules).isGreaterThan(50);
  }

  @Test
  void theChartsRightsOfAViewerAreThoseOfTheFile() throws IOException {
    List<PolicyRule> file = new ArrayList<>();
    objects(Files.newInputStream(PublishedRights.FILE)).forEach(it -> file.addAll(rules(it)));
    List<PolicyRule> chart = new ArrayList<>();
    objects(Helm.template(VARIANTS.resolve("viewer-values.yaml"))).stream()
        .filter(it -> it.getMetadata().getName().equals("flannel-operator-viewer"))
        .forEach(it -> chart.addAll(rules(it)));
    assertThat(chart).isEqualTo(file).isNotEmpty();
  }

  private static List<Path> variants() throws IOException {
    try (var files = Files.list(VARIANTS)) {
      List<Path> variants = files.sorted().toList();
      assertThat(variants).hasSizeGreaterThan(3);
      return variants;
    }
  }

  private static List<HasMetadata> objects(InputStream yaml) throws IOException {
    try (yaml) {
      Object read = Serialization.unmarshal(yaml);
      return read instanceof List<?> list
          ? list.stream().map(HasMetadata.class::cast).toList()
          : List.of((HasMetadata) read);
    }
  }

  private static List<PolicyRule> rules(HasMetadata object) {
    return switch (object) {
      case ClusterRole role -> role.getRules();
      case Role role -> role.getRules();
      default -> List.of();
    };
  }

  private static List<String> resources(PolicyRule rule) {
    return rule.getResources() == null ? List.of() : rule.getResources();
  }
}

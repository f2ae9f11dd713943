package io.flannel.operator.testing.apiserver;

import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** This repository's CRDs. */
public record Crds(KubernetesClient client) {
  private static final Path CRDS = Path.of("src/main/resources/crds");

  /** Applies the CRDs and waits until they are served. */
  void install() {
    for (CustomResourceDefinition crd : all()) {
      var crds = client.apiextensions().v1().customResourceDefinitions();
      crds.resource(crd).forceConflicts().serverSideApply();
      crds.resource(crd).waitUntilCondition(Crds::isEstablished, 60, TimeUnit.SECONDS);
    }
  }

  /** Returns a CRD by its name, such as {@code flannelnodes.flannel.io}. */
  public CustomResourceDefinition named(String name) {
    return all().stream()
        .filter(crd -> crd.getMetadata().getName().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no CRD " + name));
  }

  private List<CustomResourceDefinition> all() {
    List<CustomResourceDefinition> all = new ArrayList<>();
    try (var files = Files.list(CRDS)) {
      for (var file : files.sorted().toList()) {
        try (var yaml = Files.newInputStream(file)) {
          all.add(client.apiextensions().v1().customResourceDefinitions().load(yaml).item());
        }
      }
      return all;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isEstablished(@Nullable CustomResourceDefinition crd) {
    return crd != null
        && crd.getStatus() != null
        && crd.getStatus().getConditions() != null
        && crd.getStatus().getConditions().stream()
            .anyMatch(c -> c.getType().equals("Established") && c.getStatus().equals("True"));
  }
}

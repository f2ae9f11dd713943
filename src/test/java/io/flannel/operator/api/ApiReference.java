package io.flannel.operator.api;

import static java.util.stream.Collectors.joining;

import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Generates the API reference from the CRDs: a table for each object with its fields, their types
 * and bounds, and the rules by which the API server rejects a value.
 */
final class ApiReference {
  /** Where it is committed. */
  static final Path COMMITTED = Path.of("docs/api.md");

  private static final String HEAD =
      """
      # API reference

      Made from the Java types by `make crds`; `kubectl explain fnet.spec` shows the same in a cluster. Lists say by which field their
      entries are told apart when several people apply parts of them (server-side apply); others are replaced as a whole.

      """;

  private final StringBuilder text = new StringBuilder(HEAD);

  private ApiReference() {}

  /**
   * Returns the reference as Markdown.
   *
   * @param crds as YAML
   */
  static String of(Iterable<String> crds) {
    ApiReference reference = new ApiReference();
    for (String crd : crds) {
      reference.add(Serialization.unmarshal(crd, CustomResourceDefinition.class));
    }
    return reference.text.toString().stripTrailing() + "\n";
  }

  private void add(CustomResourceDefinition crd) {
    var names = crd.getSpec().getNames();
    var version = crd.getSpec().getVersions().getFirst();
    JSONSchemaProps root = version.getSchema().getOpenAPIV3Schema();
    line("## " + names.getKind());
    line("");
    line(
        "`apiVersion: %s/%s`, `kind: %s`; for kubectl `%s`, short `%s`; %s."
            .formatted(
                crd.getSpec().getGroup(),
                version.getName(),
                names.getKind(),
                names.getPlural(),
                String.join("`, `", names.getShortNames()),
                crd.getSpec().getScope().equals("Cluster") ? "cluster-scoped" : "namespaced"));
    line("");
    line(root.getDescription());
    line("");
    for (String part : List.of("spec", "status")) {
      object(names.getKind(), part, root.getProperties().get(part));
    }
  }

  private void object(String kind, String path, JSONSchemaProps object) {
    line("### %s %s".formatted(kind, path));
    line("");
    line("| field | type | what it is |");
    line("|---|---|---|");
    object.getProperties().forEach((name, field) -> row(object, name, field));
    line("");
    rules(object);
    object
        .getProperties()
        .forEach(
            (name, field) -> {
              JSONSchemaProps element = element(field);
              if (element != null && !element.getProperties().isEmpty()) {
                object(kind, path + "." + name + "[]", element);
              } else if (!field.getProperties().isEmpty()) {
                object(kind, path + "." + name, field);
              }
            });
  }

  private void row(JSONSchemaProps object, String name, JSONSchemaProps field) {
    line(
        "| `%s`%s | %s | %s |"
            .formatted(
                name,
                object.getRequired().contains(name) ? " (required)" : "",
                type(field),
                cell(field.getDescription())));
  }

  /** Adds the validation rules of an object and of its fields that have no fields themselves. */
  private void rules(JSONSchemaProps object) {
    List<String> messages = new ArrayList<>(messages(object));
    for (JSONSchemaProps field : object.getProperties().values()) {
      if (field.getProperties().isEmpty()) {
        messages.addAll(messages(field));
      }
    }
    if (!messages.isEmpty()) {
      line("Refused otherwise:");
      line("");
      messages.forEach(message -> line("- " + message));
      line("");
    }
  }

  private static List<String> messages(JSONSchemaProps schema) {
    return schema.getXKubernetesValidations().stream()
        .map(rule -> Objects.requireNonNull(rule.getMessage()))
        .toList();
  }

  private static String type(JSONSchemaProps field) {
    JSONSchemaProps element = element(field);
    if (element != null) {
      return "list of %s%s%s"
          .formatted(
              element.getProperties().isEmpty() ? type(element) : "objects",
              field.getMaxItems() == null ? "" : ", " + field.getMaxItems() + " at most",
              field.getXKubernetesListMapKeys().isEmpty()
                  ? ""
                  : ", told apart by " + quoted(field.getXKubernetesListMapKeys()));
    }
    if (Boolean.TRUE.equals(field.getXKubernetesIntOrString())) {
      return "integer or string";
    }
    if (field.getAdditionalProperties() != null) {
      JSONSchemaProps value = field.getAdditionalProperties().getSchema();
      return "map of string to "
          + (Boolean.TRUE.equals(value.getXKubernetesIntOrString()) ? "quantity" : type(value));
    }
    if (!field.getEnum().isEmpty()) {
      return quoted(field.getEnum().stream().map(value -> value.asText()).toList());
    }
    return field.getType() + bounds(field);
  }

  private static String bounds(JSONSchemaProps field) {
    if (field.getMinimum() != null && field.getMaximum() != null) {
      return ", %s to %s".formatted(whole(field.getMinimum()), whole(field.getMaximum()));
    }
    if (field.getMinimum() != null) {
      return ", %s or more".formatted(whole(field.getMinimum()));
    }
    return field.getMaxLength() == null
        ? ""
        : ", %d characters at most".formatted(field.getMaxLength());
  }

  private static String whole(double number) {
    return BigDecimal.valueOf(number).stripTrailingZeros().toPlainString();
  }

  private static @Nullable JSONSchemaProps element(JSONSchemaProps field) {
    return field.getItems() == null ? null : field.getItems().getSchema();
  }

  private static String quoted(List<String> words) {
    return words.stream().map(word -> "`" + word + "`").collect(joining(", "));
  }

  private static String cell(String description) {
    return description.replace("|", "\\|").replace("<", "\\<");
  }

  private void line(String line) {
    text.append(line).append('\n');
  }
}

package io.flannel.operator.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The CRDs explain themselves. */
class CrdTextTest {
  /**
   * A place in a schema.
   *
   * @param path as {@code kubectl explain} takes it, such as {@code spec.backend.type}
   */
  record Property(String path, JsonNode schema) {
    @Override
    public String toString() {
      return path;
    }
  }

  static Stream<String> crds() throws IOException {
    return CrdGeneration.generate().values().stream();
  }

  @ParameterizedTest
  @MethodSource("crds")
  void everyFieldHasADescription(String crd) {
    assertThat(properties(crd))
        .hasSizeGreaterThan(20)
        .filteredOn(property -> !property.path().endsWith("[]"))
        .allSatisfy(
            property ->
                assertThat(property.schema().path("description").asText())
                    .as(property.path())
                    .hasSizeGreaterThan(4)
                    .endsWith("."));
  }

  @ParameterizedTest
  @MethodSource("crds")
  void theDescriptionOfAnEnumNamesEachOfItsValues(String crd) {
    assertThat(properties(crd))
        .filteredOn(property -> property.schema().has("enum"))
        .isNotEmpty()
        .allSatisfy(
            property ->
                property
                    .schema()
                    .path("enum")
                    .forEach(
                        value ->
                            assertThat(property.schema().path("description").asText())
                                .as(property.path())
                                .containsPattern("\\b" + Pattern.quote(value.asText()) + "\\b")));
  }

  @ParameterizedTest
  @MethodSource("crds")
  void everyRuleSaysWhatToDoInASentenceThatFitsALine(String crd) {
    assertThat(properties(crd))
        .flatExtracting(property -> property.schema().findValues("x-kubernetes-validations"))
        .flatExtracting(rules -> List.copyOf(rules.findValuesAsText("message")))
        .isNotEmpty()
        .allSatisfy(message -> assertThat(message).hasSizeBetween(20, 320).doesNotContain("\n"));
  }

  private static List<Property> properties(String crd) {
    JsonNode root =
        Serialization.unmarshal(crd, JsonNode.class).at("/spec/versions/0/schema/openAPIV3Schema");
    List<Property> found = new ArrayList<>();
    collect("", root, found);
    return found;
  }

  private static void collect(String path, JsonNode schema, List<Property> found) {
    schema
        .path("properties")
        .properties()
        .forEach(
            child -> {
              String childPath = path.isEmpty() ? child.getKey() : path + "." + child.getKey();
              found.add(new Property(childPath, child.getValue()));
              collect(childPath, child.getValue(), found);
            });
    for (String element : List.of("items", "additionalProperties")) {
      if (schema.path(element).isObject()) {
        found.add(new Property(path + "[]", schema.path(element)));
        collect(path + "[]", schema.path(element), found);
      }
    }
  }
}

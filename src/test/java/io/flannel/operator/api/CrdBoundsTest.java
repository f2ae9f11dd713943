package io.flannel.operator.api;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.decide.health.ProbePlan;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Everything in a custom resource is bounded. */
class CrdBoundsTest {
  /** The schema keywords that bound values of our types. */
  private static final List<String> BOUNDS =
      List.of("maxLength", "minimum", "maximum", "maxItems", "maxProperties", "enum");

  static Stream<JsonNode> schemas() throws IOException {
    return CrdGeneration.generate().values().stream().map(CrdBoundsTest::schema);
  }

  @ParameterizedTest
  @MethodSource("schemas")
  void everyStringNumberListAndMapHasABound(JsonNode schema) {
    assertThat(CrdBounds.unbounded(schema)).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("schemas")
  void eachBoundIsMissedWhereItIsTakenAway(JsonNode schema) {
    List<String> found = new ArrayList<>();
    everyObject(
        schema,
        part -> {
          for (String bound : BOUNDS) {
            // A field may have the name of such a keyword.
            if (part.has(bound) && !part.path(bound).isObject()) {
              JsonNode kept = part.remove(bound);
              if (!bound.equals("enum") || !part.has("maxLength")) {
                assertThat(CrdBounds.unbounded(schema)).as(bound + " of " + part).hasSize(1);
                found.add(bound);
              }
              part.set(bound, kept);
            }
          }
        });
    assertThat(found).contains("maxLength", "minimum", "maximum", "maxItems", "enum");
  }

  @Test
  void whatIsUnboundedIsFoundWhereverItIs() {
    JsonNode bad =
        Serialization.unmarshal(
            """
            type: object
            properties:
              metadata: {type: object}
              spec:
                type: object
                properties:
                  text: {type: string}
                  one-of-two: {type: string, enum: [a, b]}
                  number: {type: integer, minimum: 0}
                  huge: {type: integer, minimum: 0, maximum: 1e19}
                  either: {x-kubernetes-int-or-string: true, minimum: 0, maximum: 1}
                  list: {type: array, items: {type: string, maxLength: 1}}
                  texts: {type: array, maxItems: 1, items: {type: string}}
                  map: {type: object, additionalProperties: {type: string, maxLength: 1}}
                  anything: {type: object, x-kubernetes-preserve-unknown-fields: true}
                  nothing: {}
              status:
                type: object
                properties:
                  conditions:
                    type: array
                    maxItems: 1
                    items:
                      type: object
                      properties:
                        message: {type: string}
            """,
            JsonNode.class);

    assertThat(CrdBounds.unbounded(bad))
        .containsExactlyInAnyOrder(
            "spec.text: no maxLength",
            "spec.number: no maximum",
            "spec.huge: larger than what every reader of JSON takes",
            "spec.either: no maxLength",
            "spec.list: no maxItems",
            "spec.texts[]: no maxLength",
            "spec.map: no maxProperties",
            "spec.map: keys of any length",
            "spec.anything: takes any field",
            "spec.anything: takes any field",
            "spec.nothing: of no type",
            "status.conditions[].message: no maxLength");
  }

  @Test
  void listsOfAFlannelNodeAreAtomic() throws IOException {
    JsonNode node = schema(CrdGeneration.generate().get("flannelnodes.flannel.io.yaml"));
    Map<String, JsonNode> lists =
        Map.ofEntries(
            entry("spec.peers", node.at("/properties/spec/properties/peers")),
            entry("status.peers", node.at("/properties/status/properties/peers")),
            entry("status.findings", node.at("/properties/status/properties/findings")));
    assertThat(lists)
        .allSatisfy(
            (path, list) ->
                assertThat(list.path("x-kubernetes-list-type").asText())
                    .as(path)
                    .isEqualTo("atomic"));
  }

  @Test
  void aNodeCanHaveAllPeersOfAnyPlan() {
    assertThat(ProbePlan.FULL_MESH - 1).isLessThanOrEqualTo(Bounds.PEERS);
    assertThat(2 * ProbePlan.NEIGHBOURS).isLessThanOrEqualTo(Bounds.PEERS);
  }

  private static JsonNode schema(String crd) {
    return Serialization.unmarshal(crd, JsonNode.class)
        .at("/spec/versions/0/schema/openAPIV3Schema");
  }

  private static void everyObject(JsonNode node, Consumer<ObjectNode> visitor) {
    if (node instanceof ObjectNode object) {
      visitor.accept(object);
    }
    if (node instanceof ObjectNode || node instanceof ArrayNode) {
      List.copyOf(stream(node)).forEach(child -> everyObject(child, visitor));
    }
  }

  private static List<JsonNode> stream(JsonNode node) {
    List<JsonNode> children = new ArrayList<>();
    node.forEach(children::add);
    return children;
  }
}

package io.flannel.operator.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** Finds the strings, numbers, lists and maps that a schema does not bound. */
final class CrdBounds {
  private final List<String> unbounded = new ArrayList<>();

  private CrdBounds() {}

  /**
   * Returns what has no bound, as {@code PATH: WHY}. Elements of lists and values of maps are
   * {@code PATH[]}.
   */
  static List<String> unbounded(JsonNode schema) {
    var bounds = new CrdBounds();
    bounds.look("", schema);
    return bounds.unbounded;
  }

  private void look(String path, JsonNode schema) {
    if (schema.path("x-kubernetes-preserve-unknown-fields").asBoolean()) {
      unbounded.add(path + ": takes any field");
    }
    if (schema.path("x-kubernetes-int-or-string").asBoolean()) {
      string(path, schema);
      number(path, schema);
      return;
    }
    switch (schema.path("type").asText()) {
      case "string" -> string(path, schema);
      case "integer", "number" -> number(path, schema);
      case "boolean" -> {}
      case "array" -> {
        need(path, schema, "maxItems");
        look(path + "[]", schema.path("items"));
      }
      case "object" -> object(path, schema);
      default -> unbounded.add(path + ": of no type");
    }
  }

  private void object(String path, JsonNode schema) {
    if (schema.has("additionalProperties")) {
      need(path, schema, "maxProperties");
      boolean keys =
          schema.findValuesAsText("rule").stream().anyMatch(rule -> rule.contains(".size() <= "));
      if (!keys) {
        unbounded.add(path + ": keys of any length");
      }
      look(path + "[]", schema.path("additionalProperties"));
    } else if (schema.path("properties").isEmpty() && !path.equals("metadata")) {
      unbounded.add(path + ": takes any field");
    }
    schema
        .path("properties")
        .properties()
        .forEach(
            field ->
                look(
                    path.isEmpty() ? field.getKey() : path + "." + field.getKey(),
                    field.getValue()));
  }

  private void string(String path, JsonNode schema) {
    if (!schema.has("enum")) {
      need(path, schema, "maxLength");
    }
  }

  private void number(String path, JsonNode schema) {
    need(path, schema, "minimum");
    need(path, schema, "maximum");
    if (schema.path("maximum").asDouble() > Bounds.WHOLE_NUMBER) {
      unbounded.add(path + ": larger than what every reader of JSON takes");
    }
  }

  private void need(String path, JsonNode schema, String bound) {
    if (!schema.has(bound)) {
      unbounded.add(path + ": no " + bound);
    }
  }
}

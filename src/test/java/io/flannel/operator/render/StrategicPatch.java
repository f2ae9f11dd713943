package io.flannel.operator.render;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What differs between two objects, as a strategic merge patch says it: only the changed fields,
 * null for a removed one, and of a list of named things only those that changed, with {@code
 * $patch: delete} for a removed one. Any other list, or one whose order changed, is there as a
 * whole. Two objects that differ from a third in different ways have different patches.
 */
final class StrategicPatch {
  /** What Kubernetes merges the elements of these lists by; it takes other lists as a whole. */
  private static final Map<String, String> KEYS =
      Map.of(
          "containers", "name",
          "initContainers", "name",
          "env", "name",
          "volumes", "name",
          "imagePullSecrets", "name",
          "volumeMounts", "mountPath");

  private static final String DIRECTIVE = "$patch";
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private StrategicPatch() {}

  /** Returns what turns one object into the other; empty if they are equal. */
  static ObjectNode between(JsonNode from, JsonNode to) {
    ObjectNode patch = JSON.objectNode();
    to.properties()
        .forEach(
            field ->
                change(field.getKey(), from.path(field.getKey()), field.getValue())
                    .ifPresent(change -> patch.set(field.getKey(), change)));
    from.fieldNames()
        .forEachRemaining(
            field -> {
              if (!to.has(field)) {
                patch.putNull(field);
              }
            });
    return patch;
  }

  private static Optional<JsonNode> change(String field, JsonNode from, JsonNode to) {
    if (from.equals(to)) {
      return Optional.empty();
    }
    if (from.isObject() && to.isObject()) {
      return Optional.of(between(from, to));
    }
    if (from.isArray() && to.isArray() && KEYS.containsKey(field)) {
      return Optional.of(elements(KEYS.get(field), from, to));
    }
    return Optional.of(to);
  }

  private static ArrayNode elements(String key, JsonNode from, JsonNode to) {
    Map<String, JsonNode> before = byKey(key, from);
    Map<String, JsonNode> after = byKey(key, to);
    ArrayNode patch = JSON.arrayNode();
    if (!List.copyOf(after.keySet()).equals(merged(before, after))) {
      patch.addObject().put(DIRECTIVE, "replace");
      return patch.addAll((ArrayNode) to);
    }
    after.forEach(
        (name, element) -> {
          JsonNode old = before.get(name);
          if (old == null) {
            patch.add(element);
          } else if (!old.equals(element)) {
            patch.addObject().put(key, name).setAll(between(old, element));
          }
        });
    before.forEach(
        (name, _) -> {
          if (!after.containsKey(name)) {
            patch.addObject().put(key, name).put(DIRECTIVE, "delete");
          }
        });
    return patch;
  }

  /** Returns the order that a patch without {@code replace} leads to: new elements come last. */
  private static List<String> merged(Map<String, JsonNode> before, Map<String, JsonNode> after) {
    List<String> order = new ArrayList<>(before.keySet());
    order.retainAll(after.keySet());
    after.keySet().stream().filter(name -> !before.containsKey(name)).forEach(order::add);
    return order;
  }

  private static Map<String, JsonNode> byKey(String key, JsonNode list) {
    Map<String, JsonNode> elements = new LinkedHashMap<>();
    list.forEach(element -> elements.put(element.path(key).asText(), element));
    return elements;
  }
}

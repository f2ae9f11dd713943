package io.flannel.operator.testing.hostile;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Turns valid JSON into what a broken, newer or malicious writer might write. The same seed gives
 * the same result.
 */
public final class HostileJson {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private static final List<JsonNode> ABSURD =
      List.of(
          JSON.nullNode(),
          JSON.booleanNode(true),
          JSON.booleanNode(false),
          JSON.numberNode(0),
          JSON.numberNode(-1),
          JSON.numberNode(Integer.MIN_VALUE),
          JSON.numberNode(Integer.MAX_VALUE),
          JSON.numberNode(3_000_000_000L),
          JSON.numberNode(5_000_000_000L),
          JSON.numberNode(Long.MIN_VALUE),
          JSON.numberNode(Long.MAX_VALUE),
          JSON.numberNode(new BigInteger("9".repeat(40))),
          JSON.numberNode(1.5),
          JSON.numberNode(-0.0),
          JSON.numberNode(1e308),
          JSON.objectNode(),
          JSON.arrayNode(),
          JSON.arrayNode().add(JSON.nullNode()),
          JSON.objectNode().set("name", JSON.nullNode()));

  private static final List<String> TEXTS =
      List.of(
          "",
          " ",
          "NaN",
          "Infinity",
          "-1",
          "0x10",
          "true",
          "null",
          "node1",
          "node99",
          "2026-11-30T10:00:00Z",
          "0000-01-01T00:00:00Z",
          "9999-12-31T23:59:59.999999999Z",
          "+1000000000-12-31T23:59:59.999999999Z",
          "-1000000000-01-01T00:00:00Z",
          "2026-13-45T99:99:99Z",
          "yesterday",
          "10.244.1.0/24",
          "10.244.1.0/33",
          "::ffff:10.0.0.1/128",
          "fe80::1%eth0",
          ":".repeat(5_000),
          "1:".repeat(3_000),
          "0".repeat(5_000),
          "1h".repeat(2_000),
          "a".repeat(5_000),
          "x\n2026-01-01T00:00:00.000+00:00 ERROR forged",
          "\u0000\u001b[31m\u0085\u009b31m\u202e\u2028\u2029\ufeff",
          "\ud800",
          "%s %d %n {0} {}",
          "$1 \\ \" ' ` |",
          "../../etc/passwd",
          "vxlan",
          "newer-backend",
          "DeviceDown",
          "FDBMissing",
          "RouteMissing",
          "LeftOvers",
          "NobodyKnowsThis",
          "{\"VNI\":5000000000,\"VtepMAC\":7}",
          "[".repeat(2_000),
          "{\"plugins\":[{\"delegate\":{\"mtu\":-5}},null,7]}");

  private final Random random;

  public HostileJson(long seed) {
    random = new Random(seed);
  }

  /** Returns a copy with up to this many changes of any kind, at any depth. */
  public ObjectNode mutated(ObjectNode well, int changes) {
    ObjectNode copy = well.deepCopy();
    int count = random.nextInt(changes + 1);
    for (int i = 0; i < count; i++) {
      change(copy);
    }
    return copy;
  }

  /** Returns a copy in which only texts differ, as if the API server enforced the types. */
  public ObjectNode withOtherTexts(ObjectNode well, int changes) {
    ObjectNode copy = well.deepCopy();
    List<Runnable> places = new ArrayList<>();
    texts(copy, places);
    for (int i = random.nextInt(changes + 1); i > 0 && !places.isEmpty(); i--) {
      places.get(random.nextInt(places.size())).run();
    }
    return copy;
  }

  /** Returns any JSON, nested no deeper than this. */
  public JsonNode any(int depth) {
    if (depth > 0 && random.nextInt(3) == 0) {
      ArrayNode list = JSON.arrayNode();
      for (int i = random.nextInt(4); i > 0; i--) {
        list.add(any(depth - 1));
      }
      return list;
    }
    if (depth > 0 && random.nextInt(3) == 0) {
      ObjectNode object = JSON.objectNode();
      for (int i = random.nextInt(4); i > 0; i--) {
        object.set(text(), any(depth - 1));
      }
      return object;
    }
    return absurd();
  }

  /** Returns true once in this many calls, on average. */
  public boolean once(int times) {
    return random.nextInt(times) == 0;
  }

  /** Returns a hostile text. */
  public String text() {
    return TEXTS.get(random.nextInt(TEXTS.size()));
  }

  private JsonNode absurd() {
    return random.nextBoolean()
        ? JSON.textNode(text())
        : ABSURD.get(random.nextInt(ABSURD.size())).deepCopy();
  }

  private void change(JsonNode root) {
    List<JsonNode> containers = new ArrayList<>();
    containers(root, containers);
    JsonNode where = containers.get(random.nextInt(containers.size()));
    switch (where) {
      case ObjectNode object -> change(object);
      case ArrayNode list -> change(list);
      default -> throw new IllegalStateException("no container");
    }
  }

  private void change(ObjectNode object) {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    if (names.isEmpty()) {
      object.set(text(), any(2));
      return;
    }
    String name = names.get(random.nextInt(names.size()));
    switch (random.nextInt(6)) {
      case 0 -> object.remove(name);
      case 1 -> object.set("newer" + random.nextInt(3), any(3));
      case 2 -> object.set(name, JSON.arrayNode().add(object.get(name)));
      case 3 -> object.set(name, JSON.objectNode().set(name, object.get(name)));
      default -> object.set(name, random.nextInt(4) == 0 ? any(3) : absurd());
    }
  }

  private void change(ArrayNode list) {
    if (list.isEmpty()) {
      list.add(any(2));
      return;
    }
    int at = random.nextInt(list.size());
    switch (random.nextInt(5)) {
      case 0 -> list.remove(at);
      case 1 -> list.add(list.get(at).deepCopy());
      case 2 -> list.insert(at, JSON.nullNode());
      default -> list.set(at, random.nextInt(4) == 0 ? any(3) : absurd());
    }
  }

  private static void containers(JsonNode node, List<JsonNode> into) {
    if (node.isContainerNode()) {
      into.add(node);
      node.forEach(child -> containers(child, into));
    }
  }

  private void texts(JsonNode node, List<Runnable> into) {
    if (node instanceof ObjectNode object) {
      object
          .properties()
          .forEach(
              field -> {
                if (field.getValue().isTextual()) {
                  into.add(() -> object.put(field.getKey(), text()));
                } else {
                  texts(field.getValue(), into);
                }
              });
    } else if (node instanceof ArrayNode list) {
      for (int i = 0; i < list.size(); i++) {
        int at = i;
        if (list.get(i).isTextual()) {
          into.add(() -> list.set(at, JSON.textNode(text())));
        } else {
          texts(list.get(i), into);
        }
      }
    }
  }
}

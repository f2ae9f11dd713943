package io.flannel.operator.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What a hostile agent writes as its node's status: as much as the CRD's schema lets through, and
 * more. Each report contains {@link #COUNTER} where free text is allowed, so that no two writes are
 * equal.
 */
final class HostileReports {
  /** Placeholder for the number of the write. */
  static final String COUNTER = "00000000";

  private static final Path CRD = Path.of("src/main/resources/crds/flannelnodes.flannel.io.yaml");

  /** Bytes; the API server and etcd accept some 1.5 MB at most. */
  private static final int LARGEST = 1_400_000;

  private static final int MANY = 100_000;
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Texts in formats that a schema may require, longest first. */
  private static final List<String> FORMATS =
      List.of(
          "fd00:1111:2222:3333:4444:5555:6666:7777/128",
          "fd00:1111:2222:3333:4444:5555:6666:7777",
          "2026-11-30T00:00:00.000000000Z",
          "2026-11-30T00:00:00Z",
          "192.168.100.100/24",
          "192.168.100.100",
          "12:c6:65:89:b4:09",
          "flannel.ipip",
          "DeviceDown",
          "node-1",
          "1");

  private final JsonNode schema;

  HostileReports() {
    try {
      JsonNode crd = Serialization.yamlMapper().readTree(Files.readString(CRD));
      schema = crd.at("/spec/versions/0/schema/openAPIV3Schema/properties/status");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the reports by what is odd about them. */
  Map<String, String> all() {
    Map<String, Supplier<JsonNode>> kinds = new LinkedHashMap<>();
    kinds.put("plausible", HostileReports::plausible);
    kinds.put("full lists", () -> largest(Integer.MAX_VALUE));
    kinds.put("long texts", () -> largest(2));
    kinds.put("100,000 peers", () -> many("peers", "name"));
    kinds.put("100,000 findings", () -> many("findings", "reason"));
    kinds.put("control characters", HostileReports::controls);
    kinds.put("numbers too large", () -> numbers("5000000000", "3000000000", "0"));
    kinds.put("numbers of 30 digits", () -> numbers("9".repeat(30), "1e30", "1"));
    kinds.put("negative numbers", () -> numbers("-1", "-2147483649", "-1"));
    kinds.put("no times", HostileReports::times);
    Map<String, String> texts = new LinkedHashMap<>();
    kinds.forEach((name, report) -> texts.put(name, text(report.get())));
    return texts;
  }

  private static String text(JsonNode node) {
    try {
      return JSON.writeValueAsString(node);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Returns a report with everything the schema allows, and with unbounded texts as long as {@link
   * #LARGEST} permits.
   *
   * @param items maximum number of items in a list
   */
  private JsonNode largest(int items) {
    JsonNode last = filled(schema, "status", COUNTER.length(), items);
    for (int free = 2 * COUNTER.length(); free < LARGEST; free = free * 5 / 4) {
      JsonNode next = filled(schema, "status", free, items);
      if (length(next) > LARGEST) {
        break;
      }
      last = next;
    }
    return last;
  }

  private static int length(JsonNode node) {
    return text(node).getBytes(UTF_8).length;
  }

  private JsonNode filled(JsonNode part, String name, int free, int items) {
    return switch (part.path("type").asText()) {
      case "object" -> {
        ObjectNode object = JSON.createObjectNode();
        part.path("properties")
            .properties()
            .forEach(
                it -> object.set(it.getKey(), filled(it.getValue(), it.getKey(), free, items)));
        yield object;
      }
      case "array" -> {
        ArrayNode array = JSON.createArrayNode();
        int count = Math.min(part.path("maxItems").asInt(1000), items);
        IntStream.range(0, count)
            .forEach(i -> array.add(item(filled(part.path("items"), name, free, items), part, i)));
        yield array;
      }
      case "integer", "number" ->
          JSON.getNodeFactory().numberNode(part.path("maximum").asLong(Integer.MAX_VALUE));
      case "boolean" -> JSON.getNodeFactory().booleanNode(false);
      default -> JSON.getNodeFactory().textNode(string(part, free));
    };
  }

  /** Makes the keys of a list of type map distinct. */
  private static JsonNode item(JsonNode item, JsonNode list, int i) {
    list.path("x-kubernetes-list-map-keys")
        .forEach(key -> ((ObjectNode) item).put(key.asText(), "node-" + (i + 2)));
    return item;
  }

  private static String string(JsonNode part, int free) {
    if (part.has("enum")) {
      return part.path("enum").path(0).asText();
    }
    int length = part.path("maxLength").asInt(free);
    Pattern pattern = Pattern.compile(part.path("pattern").asText(""));
    return Stream.concat(
            Stream.of(filler("\ud83d\ude00", length), filler("x", length)), FORMATS.stream())
        .filter(text -> text.codePointCount(0, text.length()) <= length)
        .filter(text -> pattern.matcher(text).find())
        .filter(text -> !"date-time".equals(part.path("format").asText()) || text.endsWith("Z"))
        .findFirst()
        .orElse("");
  }

  /** Returns a text of the given length in characters, beginning with the counter if that fits. */
  private static String filler(String character, int length) {
    return length < COUNTER.length()
        ? character.repeat(length)
        : COUNTER + character.repeat(length - COUNTER.length());
  }

  private static ObjectNode plausible() {
    ObjectNode report = JSON.createObjectNode();
    report.put("observedGeneration", 1);
    report.put("reportedAt", "2026-11-30T00:00:00Z");
    report.put("agentVersion", COUNTER);
    report.putArray("findings");
    report.putArray("peers");
    return report;
  }

  private static JsonNode many(String list, String key) {
    ObjectNode report = plausible();
    ArrayNode all = report.putArray(list);
    IntStream.range(0, MANY).forEach(i -> all.addObject().put(key, "" + i));
    return report;
  }

  private static JsonNode controls() {
    ObjectNode report = plausible();
    ArrayNode findings = report.putArray("findings");
    for (String odd :
        List.of(
            "\u001b[31m", "\u009b31m", "\r\n", "\u2028\u2029", "\u202e\u2066", "\u0000\u007f")) {
      findings
          .addObject()
          .put("reason", "DeviceDown")
          .put("message", "a" + odd + "b " + COUNTER)
          .put("peer", "node-2" + odd);
    }
    report.putObject("device").put("name", "x\u009b\n").put("address", "\u202e10.244.1.0/32");
    return report;
  }

  private static JsonNode numbers(String mtu, String micros, String loss) {
    ObjectNode report = plausible();
    report.put("observedGeneration", 999_999);
    report
        .putObject("device")
        .put("name", "flannel.ipip")
        .put("up", true)
        .putRawValue("mtu", raw(mtu));
    report
        .putArray("peers")
        .addObject()
        .put("name", "node-2")
        .putRawValue("rttP99Micros", raw(micros))
        .putRawValue("lossPercent", raw(loss));
    return report;
  }

  private static RawValue raw(String number) {
    return new RawValue(number);
  }

  private static JsonNode times() {
    ObjectNode report = plausible();
    report.put("reportedAt", "yesterday " + COUNTER);
    report.put("agentSince", "-999999999-01-01T00:00:00Z");
    report.put("bootedAt", "+1000000000-12-31T23:59:59Z");
    report.putArray("peers").addObject().put("name", "node-2").put("since", "0000-00-00T99:99:99Z");
    return report;
  }
}

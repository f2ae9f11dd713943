package io.flannel.operator.render;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator.Feature;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.flannel.operator.flannel.Backend;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.flannel.ProbeKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.assertj.core.util.diff.DiffUtils;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * All that the operator renders, as files to read in {@code src/test/resources/golden}: of each
 * backend with IPv4, IPv6 and both, as far as it carries them, and of two networks more.
 *
 * <p>{@code vxlan-ipv4.yaml} has every object whole. A dozen files of that length would hide what
 * makes a network another one, and every change of the DaemonSet would be a change of all of them.
 * So each other file has only what differs from that one, as a {@linkplain StrategicPatch strategic
 * merge patch}: an object that it does not name is the same, and an object that it deletes is not
 * rendered. A net-conf.json that differs is there in full, since a patch takes a text as a whole.
 *
 * <p>{@code make golden} writes the files; look at what it changed before you commit that.
 */
class GoldenTest {
  private static final Path FILES = Path.of("src/test/resources/golden");
  private static final String WHOLE = "vxlan-ipv4";
  private static final boolean WRITES = Boolean.getBoolean("golden.write");

  private static final Map<String, String> FAMILIES =
      Map.of(
          "ipv4", "cidr: 10.244.0.0/16",
          "ipv6", "ipv6CIDR: fd00:10:244::/56",
          "dual-stack", "cidr: 10.244.0.0/16, ipv6CIDR: 'fd00:10:244::/56'");

  private static final ObjectMapper YAML =
      new ObjectMapper(
          YAMLFactory.builder()
              .enable(Feature.MINIMIZE_QUOTES)
              .enable(Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
              .disable(Feature.SPLIT_LINES)
              .build());

  /** The specs by the names of their files. */
  static Map<String, String> specs() {
    Map<String, String> specs = new TreeMap<>();
    for (Backend backend : Backend.usual()) {
      String type = backend.type().wireName();
      FAMILIES.forEach(
          (family, ranges) -> {
            if (family.equals("ipv4") || backend.carriesIpv6()) {
              specs.put(type + "-" + family, "{%s, backend: {type: %s}}".formatted(ranges, type));
            }
          });
    }
    specs.put(
        "health-off", "{cidr: 10.244.0.0/16, backend: {type: vxlan}, health: {enabled: false}}");
    specs.put("wireguard-everything-set", FlannelTest.WIREGUARD_WITH_EVERYTHING);
    return specs;
  }

  static Set<String> names() {
    return specs().keySet();
  }

  /** So that a file whose network is gone does not stay. */
  @BeforeAll
  static void deleteFilesThatAreWrittenAgain() throws IOException {
    if (WRITES) {
      for (String file : files()) {
        Files.delete(FILES.resolve(file));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void renderedObjectsAreThoseOfTheFile(String name) throws IOException {
    String spec = specs().get(name);
    String head = name.equals(WHOLE) ? "All objects" : "What differs from " + WHOLE + ".yaml";
    String rendered =
        ("# %s, of a network with this spec:%n# %s%n%s")
            .formatted(head, spec.strip().replace("\n", "\n# "), text(name, spec));
    Path file = FILES.resolve(name + ".yaml");
    if (WRITES) {
      Files.writeString(file, rendered);
    }
    String expected = Files.exists(file) ? Files.readString(file) : "";
    if (!rendered.equals(expected)) {
      fail(
          "The operator renders something else than %s says:%n%s%nIf that is what you want, run"
              + " `make golden` and commit what it writes.",
          file, difference(expected, rendered));
    }
  }

  @Test
  void filesAreOfTheseNetworks() throws IOException {
    assertThat(files()).isSubsetOf(names().stream().map(name -> name + ".yaml").toList());
  }

  private static List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(FILES)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }

  private static String text(String name, String spec) {
    Map<String, JsonNode> objects = objects(spec);
    if (name.equals(WHOLE)) {
      return yaml(List.copyOf(objects.values()));
    }
    Map<String, JsonNode> whole = objects(specs().get(WHOLE));
    Set<String> all = new TreeSet<>(whole.keySet());
    all.addAll(objects.keySet());
    List<JsonNode> differences = new ArrayList<>();
    for (String object : all) {
      JsonNode from = whole.get(object);
      JsonNode to = objects.get(object);
      if (from == null) {
        differences.add(to);
      } else if (to == null) {
        differences.add(named(from).put("$patch", "delete"));
      } else if (!from.equals(to)) {
        differences.add(merged(named(to), StrategicPatch.between(from, to)));
      }
    }
    return yaml(differences);
  }

  /** Returns kind and name, by which a patch finds its object. */
  private static ObjectNode named(JsonNode object) {
    ObjectNode named = YAML.createObjectNode();
    named.set("kind", object.get("kind"));
    named.putObject("metadata").set("name", object.at("/metadata/name"));
    return named;
  }

  private static ObjectNode merged(ObjectNode named, ObjectNode patch) {
    patch
        .properties()
        .forEach(
            field -> {
              if (field.getKey().equals("metadata")) {
                ((ObjectNode) named.get("metadata")).setAll((ObjectNode) field.getValue());
              } else {
                named.set(field.getKey(), field.getValue());
              }
            });
    return named;
  }

  /** Returns the objects by kind and name, without the hash of flannel's configuration. */
  private static Map<String, JsonNode> objects(String spec) {
    DesiredNetwork network = Networks.wanted(spec);
    List<HasMetadata> objects = new ArrayList<>(Flannel.render(network));
    if (network.health().enabled()) {
      objects.add(NodeAgentDaemonSet.render(network, ProbeKeySecretTest.SETTINGS));
      objects.add(
          ProbeKeySecret.render(
              network,
              ProbeKeySecretTest.SETTINGS,
              null,
              Instant.parse("2026-11-30T08:00:00Z"),
              () -> new byte[ProbeKey.BYTES]));
    }
    return objects.stream()
        .map(object -> (JsonNode) YAML.valueToTree(object))
        .collect(
            Collectors.toMap(
                object ->
                    object.get("kind").asText()
                        + " "
                        + object.at("/metadata/name").asText().replaceFirst("-[0-9a-f]{10}$", ""),
                Function.<JsonNode>identity(),
                (_, twice) -> twice,
                LinkedHashMap::new));
  }

  private static String yaml(List<JsonNode> objects) {
    return objects.stream()
        .map(
            object -> {
              try {
                return YAML.writeValueAsString(object);
              } catch (JsonProcessingException e) {
                throw new IllegalStateException(e);
              }
            })
        .collect(joining());
  }

  private static String difference(String expected, String rendered) {
    List<String> before = expected.lines().toList();
    return String.join(
        "\n",
        DiffUtils.generateUnifiedDiff(
            "file", "rendered", before, DiffUtils.diff(before, rendered.lines().toList()), 3));
  }
}

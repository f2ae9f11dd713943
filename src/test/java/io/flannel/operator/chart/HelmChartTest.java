package io.flannel.operator.chart;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

/** What in the Helm chart must agree with files outside it. */
class HelmChartTest {
  private static final Path CHART = Path.of("helm");

  @Test
  void theChartsCrdsAreThoseOfTheJavaTypes() throws IOException {
    assertThat(filesIn(CHART.resolve("crds")))
        .as("run `make crds` (or copy src/main/resources/crds to helm/crds) and commit the result")
        .isEqualTo(filesIn(Path.of("src/main/resources/crds")));
  }

  @Test
  void everyValueIsInTheSchema() throws IOException {
    JsonNode schema = new ObjectMapper().readTree(CHART.resolve("values.schema.json").toFile());
    List<String> unknown = new ArrayList<>();
    JsonNode values =
        new ObjectMapper()
            .valueToTree(new Yaml().load(Files.readString(CHART.resolve("values.yaml"))));
    collectUnknown("", values, schema, unknown);
    assertThat(unknown).as("values without an entry in values.schema.json").isEmpty();
  }

  private static void collectUnknown(
      String at, JsonNode values, JsonNode schema, List<String> unknown) {
    JsonNode known = schema.path("properties");
    if (known.isMissingNode()) {
      return; // free-form, such as affinity
    }
    for (Map.Entry<String, JsonNode> value : values.properties()) {
      String name = at + "." + value.getKey();
      if (known.has(value.getKey())) {
        collectUnknown(name, value.getValue(), known.get(value.getKey()), unknown);
      } else {
        unknown.add(name);
      }
    }
  }

  private static Map<String, String> filesIn(Path folder) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        contents.put(file.getFileName().toString(), Files.readString(file));
      }
    }
    return contents;
  }
}

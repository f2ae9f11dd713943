package io.flannel.operator.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Measured figures: a table for people, {@code target/bench.json} for programs. */
final class Figures {
  private static final Path FILE = Path.of("target/bench.json");

  /**
   * One figure.
   *
   * @param value the median of what was measured
   * @param goal the most that it should be, as text
   */
  record Figure(String name, double value, String unit, String goal) {}

  private final List<Figure> figures = new ArrayList<>();

  /** Adds a figure, the median of several measurements, and prints all of these. */
  double add(String name, String unit, String goal, double... measured) {
    double[] sorted = measured.clone();
    Arrays.sort(sorted);
    double median = sorted[sorted.length / 2];
    figures.add(new Figure(name, Math.round(median * 10) / 10.0, unit, goal));
    System.out.printf(
        "%-24s %9.1f %-3s  goal %-24s  %s%n", name, median, unit, goal, Arrays.toString(measured));
    return median;
  }

  /** Writes all figures, those of other runs of this program kept. */
  void write() throws IOException {
    ObjectMapper json = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    Map<String, Object> all = new TreeMap<>();
    if (Files.exists(FILE)) {
      for (var old : json.readTree(FILE.toFile())) {
        all.put(old.path("name").asText(), old);
      }
    }
    figures.forEach(figure -> all.put(figure.name(), figure));
    json.writeValue(FILE.toFile(), all.values());
    System.out.println("wrote " + FILE);
  }
}

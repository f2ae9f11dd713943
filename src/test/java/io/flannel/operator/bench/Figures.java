package io.flannel.operator.bench;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Measured figures: a table for people, a file of JSON for programs. */
public final class Figures {
  private final Path file;

  /**
   * One figure.
   *
   * @param value the median of what was measured
   * @param goal the most that it should be, as text
   * @param of the worst of each case, the worst first, if the value is the worst of several cases
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Figure(
      String name, double value, String unit, String goal, @Nullable Map<String, Double> of) {}

  private final List<Figure> figures = new ArrayList<>();

  /** For {@code target/bench.json}. */
  public Figures() {
    this(Path.of("target/bench.json"));
  }

  /** For another file. */
  public Figures(Path file) {
    this.file = file;
  }

  /** Adds a figure, the median of several measurements, and prints all of these. */
  double add(String name, String unit, String goal, double... measured) {
    double[] sorted = measured.clone();
    Arrays.sort(sorted);
    double median = sorted[sorted.length / 2];
    figures.add(new Figure(name, rounded(median), unit, goal, null));
    System.out.printf(
        "%-24s %9.2f %-3s  goal %-24s %-8s %s%n",
        name, median, unit, goal, comparison(median, goal), Arrays.toString(measured));
    return median;
  }

  /** Adds a figure, the worst that was measured of any case, and prints those of each. */
  public void addWorst(String name, String unit, String goal, Map<String, double[]> measured) {
    Map<String, Double> worst = new LinkedHashMap<>();
    measured.entrySet().stream()
        .sorted(Comparator.comparingDouble(one -> -max(one.getValue())))
        .forEach(one -> worst.put(one.getKey(), rounded(max(one.getValue()))));
    double all = worst.values().stream().findFirst().orElse(0.0);
    figures.add(new Figure(name, all, unit, goal, worst));
    System.out.printf(
        "%-24s %9.2f %-3s  goal %-24s %s%n", name, all, unit, goal, comparison(all, goal));
    worst
        .keySet()
        .forEach(
            one ->
                System.out.printf(
                    "  %-32s %9.2f %-3s  %s%n",
                    one, worst.get(one), unit, Arrays.toString(measured.get(one))));
  }

  /** Whether a goal that is a number is met. */
  private static String comparison(double value, String goal) {
    return !goal.matches("[0-9]+([.][0-9]+)?")
        ? ""
        : value <= Double.parseDouble(goal) ? "met" : "not met";
  }

  private static double max(double[] measured) {
    return Arrays.stream(measured).max().orElse(0);
  }

  private static double rounded(double value) {
    return Math.round(value * 100) / 100.0;
  }

  /** Writes all figures, those of other runs of this program kept. */
  public void write() throws IOException {
    ObjectMapper json = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    Map<String, Object> all = new TreeMap<>();
    if (Files.exists(file)) {
      for (var old : json.readTree(file.toFile())) {
        all.put(old.path("name").asText(), old);
      }
    }
    figures.forEach(figure -> all.put(figure.name(), figure));
    json.writeValue(file.toFile(), all.values());
    System.out.println("wrote " + file);
  }
}

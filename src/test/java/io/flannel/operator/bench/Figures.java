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

/** Measured figures, printed as a table and written to a JSON file. */
public final class Figures {
  private final Path file;

  /**
   * One figure.
   *
   * @param value the median of the measurements
   * @param goal upper limit, as text
   * @param of the worst value of each case, worst first, if {@code value} is the worst of several
   *     cases
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Figure(
      String name, double value, String unit, String goal, @Nullable Map<String, Double> of) {}

  private final List<Figure> figures = new ArrayList<>();

  /** Figures that are written to {@code target/bench.json}. */
  public Figures() {
    this(Path.of("target/bench.json"));
  }

  /** Figures that are written to another file. */
  public Figures(Path file) {
    this.file = file;
  }

  /** Adds the median of several measurements as a figure, and prints all of them. */
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

  /** Adds the worst measurement of all cases as a figure, and prints those of each case. */
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

  /** Tells whether a numeric goal is met; empty for other goals. */
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

  /** Writes all figures, and keeps those that other runs of this program wrote. */
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

package io.flannel.operator.report.metrics;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * A series as Prometheus scrapes it.
 *
 * @param labels label values by name
 */
public record ExposedSeries(String name, Map<String, String> labels) {
  private static final Pattern SAMPLE = Pattern.compile("^(\\w+)(?:\\{(.*)\\})? \\S+$");

  private static final Pattern LABEL = Pattern.compile("(\\w+)=\"((?:[^\"\\\\]|\\\\.)*)\"");

  /**
   * Parses the series.
   *
   * @param scraped in Prometheus' text format
   */
  public static List<ExposedSeries> in(String scraped) {
    return scraped
        .lines()
        .filter(line -> !line.startsWith("#"))
        .map(SAMPLE::matcher)
        .filter(sample -> sample.matches())
        .map(sample -> new ExposedSeries(sample.group(1), labels(sample.group(2))))
        .toList();
  }

  private static Map<String, String> labels(String text) {
    var labels = new TreeMap<String, String>();
    LABEL
        .matcher(text == null ? "" : text)
        .results()
        .forEach(it -> labels.put(it.group(1), it.group(2)));
    return labels;
  }

  /** Returns by name all labels that any series of this name has. */
  public static Map<String, Set<String>> labelsByName(List<ExposedSeries> all) {
    var labels = new TreeMap<String, Set<String>>();
    all.forEach(
        it -> labels.computeIfAbsent(it.name, name -> new TreeSet<>()).addAll(it.labels.keySet()));
    return labels;
  }
}

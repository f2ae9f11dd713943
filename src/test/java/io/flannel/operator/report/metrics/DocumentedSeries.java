package io.flannel.operator.report.metrics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** The series in the tables of docs/metrics.md. */
public final class DocumentedSeries {
  private static final Pattern ROW =
      Pattern.compile("^\\| `(\\w+)` \\|([^|]*)\\|", Pattern.MULTILINE);

  private static final Pattern NAME = Pattern.compile("`(\\w+)`");

  private DocumentedSeries() {}

  /** Returns the labels of each series by its name. */
  public static Map<String, Set<String>> labelsByName() throws IOException {
    var labels = new TreeMap<String, Set<String>>();
    ROW.matcher(Files.readString(Path.of("docs/metrics.md")))
        .results()
        .forEach(row -> labels.put(row.group(1), names(row.group(2))));
    return labels;
  }

  private static Set<String> names(String cell) {
    var names = new TreeSet<String>();
    NAME.matcher(cell).results().map(it -> it.group(1)).forEach(names::add);
    return names;
  }
}

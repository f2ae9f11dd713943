package io.flannel.operator.testing.apiserver;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How many requests an API server has answered, from its metric {@code apiserver_request_total}.
 * This includes everybody's requests, even for Leases and the server's own; {@link AuditLog} shows
 * who sent them.
 */
public record RequestCounts(Map<Kind, Long> counts) {
  private static final Pattern LINE =
      Pattern.compile("^apiserver_request_total\\{(.*)} (\\S+)$", Pattern.MULTILINE);
  private static final Pattern LABEL = Pattern.compile("(\\w+)=\"([^\"]*)\"");
  private static final Set<String> WRITES =
      Set.of("POST", "PUT", "PATCH", "APPLY", "DELETE", "DELETECOLLECTION");

  /**
   * The labels that are told apart; {@code verb} as in the metric: LIST, WATCH, APPLY, PATCH, POST
   * …
   */
  public record Kind(
      String verb, String group, String resource, String subresource, String code, boolean dryRun)
      implements Comparable<Kind> {
    /** Whether such a request may have changed an object: not if it was refused or a dry run. */
    public boolean isWrite() {
      return WRITES.contains(verb) && code.startsWith("2") && !dryRun;
    }

    @Override
    public int compareTo(Kind other) {
      return toString().compareTo(other.toString());
    }
  }

  static RequestCounts parse(String metrics) {
    Map<Kind, Long> counts = new TreeMap<>();
    Matcher line = LINE.matcher(metrics);
    while (line.find()) {
      Map<String, String> labels = new TreeMap<>();
      LABEL.matcher(line.group(1)).results().forEach(l -> labels.put(l.group(1), l.group(2)));
      var kind =
          new Kind(
              labels.get("verb"),
              labels.get("group"),
              labels.get("resource"),
              labels.get("subresource"),
              labels.get("code"),
              !labels.get("dry_run").isEmpty());
      counts.merge(kind, (long) Double.parseDouble(line.group(2)), Long::sum);
    }
    return new RequestCounts(counts);
  }

  /** Returns the number of requests of matching kinds. */
  public long count(Predicate<Kind> which) {
    return counts.entrySet().stream()
        .filter(entry -> which.test(entry.getKey()))
        .mapToLong(Map.Entry::getValue)
        .sum();
  }

  /** Returns the requests since an earlier count; kinds without any are left out. */
  public RequestCounts since(RequestCounts earlier) {
    Map<Kind, Long> more = new TreeMap<>();
    counts.forEach(
        (kind, count) -> {
          long added = count - earlier.counts.getOrDefault(kind, 0L);
          if (added > 0) {
            more.put(kind, added);
          }
        });
    return new RequestCounts(more);
  }
}

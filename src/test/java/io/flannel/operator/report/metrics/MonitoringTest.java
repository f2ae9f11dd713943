package io.flannel.operator.report.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Problem;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.api.FlannelNetworkStatus.Summary;
import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.api.RolloutBuilder;
import io.flannel.operator.api.StatusCondition;
import io.flannel.operator.api.StatusCondition.Status;
import io.flannel.operator.decide.health.TunnelVerdict;
import io.flannel.operator.decide.problem.LeaseProblem;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.decide.problem.ProblemReason;
import io.flannel.operator.decide.problem.TunnelProblem;
import io.flannel.operator.report.StatusReport;
import io.micrometer.prometheus.PrometheusConfig;
import io.micrometer.prometheus.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

/** Alerts, dashboard and docs match the operator's series. */
class MonitoringTest {
  private static final Path ALERTS = Path.of("helm/monitoring/alerts.yaml");
  private static final Path DASHBOARD = Path.of("helm/monitoring/dashboard.json");
  private static final Path DOCS = Path.of("docs/metrics.md");
  private static final Path TROUBLESHOOTING = Path.of("docs/troubleshooting.md");

  /** The labels that Prometheus adds to each series that it scrapes from a pod. */
  private static final Set<String> TARGET_LABELS = Set.of("pod");

  private static final Set<String> WORDS = Set.of("and", "or", "unless");

  private static final Pattern SELECTOR = Pattern.compile("(\\w+)\\{([^}]*)\\}");
  private static final Pattern MATCHER = Pattern.compile("(\\w+)(=~|=)\"([^\"]*)\"");
  private static final Pattern GROUPING = Pattern.compile("\\b(?:by|on)\\s*\\(([^)]*)\\)");
  private static final Pattern LEGEND = Pattern.compile("\\{\\{\\s*(\\w+)\\s*\\}\\}");
  private static final Pattern LABEL_OF_ALERT = Pattern.compile("\\$labels\\.(\\w+)");

  private static List<ExposedSeries> exposed = List.of();

  /** Exposes a network with everything that a network can have. */
  @BeforeAll
  static void expose() {
    var registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    var metrics = new NetworkMetrics(registry);
    metrics.timed(() -> "a pass");
    metrics.record(
        "default",
        new FlannelNetworkStatus(
            1L,
            Stream.of(
                    StatusReport.ACCEPTED,
                    StatusReport.READY,
                    StatusReport.TUNNELS_HEALTHY,
                    StatusReport.RECONCILING,
                    StatusReport.STALLED)
                .map(MonitoringTest::condition)
                .toList(),
            null,
            null,
            RolloutBuilder.in(Rollout.Phase.COMPLETE).updated(1).total(1).get(),
            new Summary(1, 1, 1, 0, 0, 0),
            null,
            null,
            Stream.of(LeaseProblem.values(), NodeFault.values(), TunnelProblem.values())
                .flatMap(Arrays::stream)
                .map(ProblemReason::reason)
                .map(reason -> new Problem(reason, "wrong", List.of("node1"), null, null))
                .toList(),
            null),
        Map.of(
            "node1",
            new TunnelVerdict(
                Tunnel.HEALTHY,
                Optional.empty(),
                Optional.of(new TunnelVerdict.Reach(1, 1)),
                Optional.empty(),
                Optional.of(300),
                Optional.of(900))));
    exposed = ExposedSeries.in(registry.scrape());
  }

  private static StatusCondition condition(String type) {
    return new StatusCondition(type, Status.TRUE, "Reason", "message", "2026-01-01T00:00:00Z", 1L);
  }

  @Test
  void theDocsHaveEverySeriesWithItsLabels() throws IOException {
    Map<String, Set<String>> documented = DocumentedSeries.labelsByName();
    documented.keySet().removeIf(name -> !name.startsWith("flannel_"));
    assertThat(documented).isEqualTo(ExposedSeries.labelsByName(exposed));
  }

  @Test
  void everyAlertAsksForSeriesThatThereAre() throws IOException {
    for (Map<String, Object> alert : alerts()) {
      var shown = new ArrayList<String>();
      LABEL_OF_ALERT
          .matcher(String.valueOf(alert.get("annotations")))
          .results()
          .forEach(it -> shown.add(it.group(1)));
      assertThereIs(String.valueOf(alert.get("alert")), String.valueOf(alert.get("expr")), shown);
    }
  }

  @Test
  void everyPanelAsksForSeriesThatThereAre() throws IOException {
    JsonNode dashboard = new ObjectMapper().readTree(DASHBOARD.toFile());
    assertThat(dashboard.path("panels")).isNotEmpty();
    for (JsonNode panel : dashboard.path("panels")) {
      for (JsonNode target : panel.path("targets")) {
        var shown = new ArrayList<String>();
        LEGEND
            .matcher(target.path("legendFormat").asText())
            .results()
            .forEach(it -> shown.add(it.group(1)));
        assertThereIs(panel.path("title").asText(), target.path("expr").asText(), shown);
      }
    }
    for (JsonNode variable : dashboard.path("templating").path("list")) {
      String definition = variable.path("definition").asText();
      if (!definition.isEmpty()) {
        var values = Pattern.compile("label_values\\((\\w+), (\\w+)\\)").matcher(definition);
        assertThat(values.matches()).as(definition).isTrue();
        assertThereIs(definition, values.group(1), List.of(values.group(2)));
      }
    }
  }

  @Test
  void everyAlertHasItsSectionInTheDocs() throws IOException {
    var named = new TreeSet<String>();
    for (Map<String, Object> alert : alerts()) {
      String name = String.valueOf(alert.get("alert"));
      assertThat(named.add(name)).as("two alerts are called " + name).isTrue();
      assertThat(alert.get("annotations"))
          .asInstanceOf(InstanceOfAssertFactories.MAP)
          .containsKeys("summary", "description")
          .hasEntrySatisfying(
              "runbook_url",
              url ->
                  assertThat(String.valueOf(url))
                      .endsWith("/docs/troubleshooting.md#" + name.toLowerCase(Locale.ROOT)));
    }
    assertThat(Files.readString(DOCS))
        .contains(
            named.stream()
                .map(it -> "[%s](troubleshooting.md#%s)".formatted(it, it.toLowerCase(Locale.ROOT)))
                .toList());
    String sections = Files.readString(TROUBLESHOOTING).split("\n## Alerts\n")[1].split("\n## ")[0];
    assertThat(Pattern.compile("^### (.*)$", Pattern.MULTILINE).matcher(sections).results())
        .extracting(it -> it.group(1))
        .containsExactlyInAnyOrderElementsOf(named);
  }

  /**
   * Asserts that each selector of a query matches a series, and that these have each label that the
   * query groups by or that is shown.
   */
  private static void assertThereIs(String where, String query, List<String> shown) {
    Set<String> names = seriesIn(query);
    assertThat(names).as("series in " + where + ": " + query).isNotEmpty();
    assertThat(exposed).extracting(ExposedSeries::name).as(where).containsAll(names);
    for (var selector : SELECTOR.matcher(query).results().toList()) {
      for (var matchers : alternatives(selector.group(2))) {
        assertThat(exposed)
            .as("%s: %s with %s", where, selector.group(), matchers)
            .anyMatch(it -> it.name().equals(selector.group(1)) && fits(it, matchers));
      }
    }
    var labels = new TreeSet<>(TARGET_LABELS);
    var known = ExposedSeries.labelsByName(exposed);
    names.forEach(name -> labels.addAll(known.get(name)));
    var used = new TreeSet<>(shown);
    GROUPING
        .matcher(query)
        .results()
        .forEach(it -> used.addAll(List.of(it.group(1).trim().split("\\s*,\\s*"))));
    assertThat(labels).as("labels in " + where + ": " + query).containsAll(used);
  }

  /**
   * Returns the series in a query: the words left without selectors, ranges, groupings, functions
   * and operators.
   */
  private static Set<String> seriesIn(String query) {
    String bare =
        GROUPING.matcher(query.replaceAll("\\{[^}]*\\}|\\[[^]]*\\]", " ")).replaceAll(" ");
    var names = new TreeSet<String>();
    Pattern.compile("\\b[A-Za-z_]\\w*\\b(?!\\s*\\()")
        .matcher(bare)
        .results()
        .forEach(it -> names.add(it.group()));
    names.removeAll(WORDS);
    return names;
  }

  /** Returns the labels that a selector matches, one map for each alternative value. */
  private static List<Map<String, String>> alternatives(String selector) {
    List<MatchResult> matchers = MATCHER.matcher(selector).results().toList();
    assertThat(matchers).as(selector).hasSameSizeAs(selector.split(","));
    var alternatives = new ArrayList<Map<String, String>>(List.of(Map.of()));
    for (MatchResult matcher : matchers) {
      if (matcher.group(3).equals("$network")) {
        continue;
      }
      var more = new ArrayList<Map<String, String>>();
      for (String value : matcher.group(3).split("\\|")) {
        for (Map<String, String> one : alternatives) {
          var with = new TreeMap<>(one);
          with.put(matcher.group(1), value);
          more.add(with);
        }
      }
      alternatives = more;
    }
    return alternatives;
  }

  private static boolean fits(ExposedSeries series, Map<String, String> matchers) {
    return series.labels().entrySet().containsAll(matchers.entrySet());
  }

  private static List<Map<String, Object>> alerts() throws IOException {
    Map<String, List<Map<String, List<Map<String, Object>>>>> file =
        new Yaml().load(Files.readString(ALERTS));
    var alerts = new ArrayList<Map<String, Object>>();
    file.get("groups").forEach(group -> alerts.addAll(group.get("rules")));
    assertThat(alerts).isNotEmpty();
    return alerts;
  }
}

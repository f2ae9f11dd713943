package io.flannel.operator.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Results of pings during changes of the overlay, for {@code target/changes.json}. */
final class Changes {
  /** A longer run of lost packets is not a coincidence. */
  private static final int CUT_MS = 1000;

  private record Change(
      String change,
      int sent,
      int lost,
      @JsonProperty("longest_gap_ms") int longestGapMs,
      @JsonProperty("took_s") double tookSeconds) {}

  private static final Path FILE = Path.of("target/changes.json");
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final List<Integer> nodes;
  private final List<Change> changes = new ArrayList<>();

  /** Pings between the lab's three nodes. */
  Changes() {
    this(List.of(1, 2, 3));
  }

  /**
   * Pings between other nodes.
   *
   * @param nodes whose test pods ping each other
   */
  Changes(List<Integer> nodes) {
    this.nodes = nodes;
  }

  /**
   * Makes a change while pods on all nodes ping each other, and fails if a pair was cut off. Single
   * lost packets are only counted: a lab on a busy machine loses some even without a change.
   */
  void under(String name, Runnable change) {
    under(name, CUT_MS, change);
  }

  /**
   * Like {@link #under(String, Runnable)}, for changes that may cut a pair off for longer.
   *
   * @param mostMs how long at most
   */
  void under(String name, int mostMs, Runnable change) {
    PodPings pings = PodPings.between(nodes);
    Instant begin = Instant.now();
    PodPings.Result result;
    try {
      change.run();
    } finally {
      result = pings.stop();
    }
    double took = Duration.between(begin, Instant.now()).toMillis() / 1000.0;
    changes.add(new Change(name, result.sent(), result.lost(), result.longestGapMs(), took));
    System.out.printf(
        "%-34s sent %6d  lost %4d  longest gap %5d ms  took %5.1f s  %s%n",
        name, result.sent(), result.lost(), result.longestGapMs(), took, result.pairs());
    assertThat(result.longestGapMs())
        .as("%s: the longest that a pair was cut, in ms; %s", name, result.pairs())
        .isLessThanOrEqualTo(mostMs);
  }

  /** Adds all measurements to the file, replacing earlier ones of the same changes. */
  void write() throws IOException {
    Map<String, Change> all = new LinkedHashMap<>();
    if (Files.exists(FILE)) {
      for (Change change : JSON.readValue(FILE.toFile(), Change[].class)) {
        all.put(change.change(), change);
      }
    }
    changes.forEach(change -> all.put(change.change(), change));
    Files.createDirectories(FILE.getParent());
    JSON.writeValue(FILE.toFile(), all.values());
  }
}

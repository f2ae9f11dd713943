package io.flannel.operator.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;

/**
 * A fault, from its injection until its problem is gone; records everything that the status says
 * meanwhile.
 */
final class FaultRun {
  private static final Duration PATIENCE = Duration.ofMinutes(4);
  private static final Duration LOOK = Duration.ofMillis(250);

  /** How long to watch for further problems after the right reason. */
  private static final Duration WATCHED = Duration.ofSeconds(3);

  private final TunnelFault fault;
  private final Duration watched;
  private final Set<String> said = new TreeSet<>();

  private FaultRun(TunnelFault fault, Duration watched) {
    this.fault = fault;
    this.watched = watched;
  }

  /**
   * The result of a run.
   *
   * @param toReason from before the injection until the status had the right reason
   * @param toHealthy from the end of healing, which may restart a pod, until all tunnels were
   *     healthy and no problem was left
   * @param wrong other problems that the status reported
   */
  record Result(TunnelFault fault, Duration toReason, Duration toHealthy, Set<String> wrong) {
    @Override
    public String toString() {
      return "%-34s %-22s named after %5.1f s, gone after %5.1f s%s"
          .formatted(
              fault,
              fault.reason(),
              toReason.toMillis() / 1e3,
              toHealthy.toMillis() / 1e3,
              wrong.isEmpty() ? "" : ", beside it " + wrong);
    }
  }

  /**
   * Injects the fault into a healthy network, waits for its reason, heals it and waits until
   * everything is healthy.
   *
   * @throws AssertionError if either takes longer than four minutes
   */
  static Result measure(TunnelFault fault) {
    return new FaultRun(fault, Duration.ZERO).run();
  }

  /** Runs the fault, watches for longer, and fails if the status also reported other problems. */
  static void check(TunnelFault fault) {
    Result result = new FaultRun(fault, WATCHED).run();
    System.out.println(result);
    assertThat(result.wrong()).as("what the status said beside " + fault.reason()).isEmpty();
  }

  /** Waits until all tunnels are healthy, there is no problem, and every running agent reports. */
  static void awaitHealthy() {
    await("healthy tunnels")
        .atMost(PATIENCE)
        .pollInterval(LOOK)
        .until(
            () ->
                isHealthy(Lab.get("fnet", "default"))
                    && !Network.hasLeftOvers()
                    && allAgentsReport());
  }

  /**
   * Whether no agent is stopping. A node's verdict is kept while its agent is replaced, so a fault
   * has to wait for the new agent.
   */
  private static boolean allAgentsReport() {
    for (JsonNode node : Lab.get("fnode").path("items")) {
      if (node.at("/status/stopping").asBoolean()) {
        return false;
      }
    }
    return true;
  }

  private Result run() {
    awaitHealthy();
    long injected = System.nanoTime();
    inject();
    try {
      until(fault + " to be " + fault.reason(), () -> names(look()));
      Duration toReason = Duration.ofNanos(System.nanoTime() - injected);
      watch();
      heal();
      long healed = System.nanoTime();
      until("the end of " + fault, () -> isHealthy(look()));
      Duration toHealthy = Duration.ofNanos(System.nanoTime() - healed);
      return new Result(fault, toReason, toHealthy, said);
    } catch (RuntimeException | AssertionError e) {
      heal();
      throw e;
    }
  }

  private void inject() {
    List<String> words = new ArrayList<>(List.of("fault", fault.name(), "" + TunnelFault.NODE));
    if (fault.peer() != null) {
      words.add("" + fault.peer());
    }
    Lab.run(words.toArray(String[]::new));
  }

  private void heal() {
    Lab.run("heal", fault.name(), "" + TunnelFault.NODE);
  }

  private void until(String what, Callable<Boolean> condition) {
    try {
      await(what).atMost(PATIENCE).pollDelay(Duration.ZERO).pollInterval(LOOK).until(condition);
    } catch (RuntimeException e) {
      throw new AssertionError(
          "%s: it did not come; the status said beside it: %s; at the end: %s"
              .formatted(what, said, Network.status()),
          e);
    }
  }

  private void watch() {
    long end = System.nanoTime() + watched.toNanos();
    await().atMost(PATIENCE).pollInterval(LOOK).until(() -> !look().isEmpty() && past(end));
  }

  private static boolean past(long time) {
    return System.nanoTime() - time > 0;
  }

  private JsonNode look() {
    JsonNode network = Lab.get("fnet", "default");
    for (JsonNode problem : network.at("/status/problems")) {
      if (!isPartOfIt(problem) && !fault.passing().contains(problem.path("reason").asText())) {
        said.add(problem.path("reason").asText() + ": " + problem.path("message").asText());
      }
    }
    return network;
  }

  private boolean names(JsonNode network) {
    for (JsonNode problem : network.at("/status/problems")) {
      if (isTheOne(problem)) {
        return true;
      }
    }
    return false;
  }

  private boolean isTheOne(JsonNode problem) {
    Set<String> nodes = new HashSet<>();
    problem.path("nodes").forEach(node -> nodes.add(node.asText()));
    return problem.path("reason").asText().equals(fault.reason())
        && nodes.equals(fault.nodes())
        && problem.path("message").asText().contains(fault.said());
  }

  /** A node's packet loss shows between it and one peer before it shows with all. */
  private boolean isPartOfIt(JsonNode problem) {
    boolean ofTheNode = false;
    for (JsonNode node : problem.path("nodes")) {
      ofTheNode |= node.asText().equals("node" + TunnelFault.NODE);
    }
    return ofTheNode && problem.path("reason").asText().equals(fault.reason());
  }

  private static boolean isHealthy(JsonNode network) {
    return network.at("/status/problems").isEmpty()
        && network.at("/status/summary/healthy").asInt()
            == network.at("/status/summary/nodes").asInt()
        && Network.condition(network, "TunnelsHealthy").path("status").asText().equals("True");
  }
}

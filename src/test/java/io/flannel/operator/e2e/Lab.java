package io.flannel.operator.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The lab's cluster, through {@code lab/lab}. */
final class Lab {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long PATIENCE_MINUTES = 10;

  private Lab() {}

  /** A command's exit code and everything that it printed. */
  record Outcome(int code, String output) {}

  /** Runs a verb of the lab. If it fails, the test fails with everything that it printed. */
  static String run(String... words) {
    Outcome outcome = tryRun(words);
    if (outcome.code() != 0) {
      throw new AssertionError(
          "lab/lab %s ended with %d:%n%s"
              .formatted(String.join(" ", words), outcome.code(), outcome.output()));
    }
    return outcome.output();
  }

  static Outcome tryRun(String... words) {
    return exec(words);
  }

  static String kubectl(String... words) {
    return run(with(words, "kubectl"));
  }

  /** Returns the object that {@code kubectl get} prints as JSON. */
  static JsonNode get(String... words) {
    return json(kubectl(with(with(words, "get"), List.of("-o", "json"))));
  }

  static void apply(String manifest) {
    try {
      Path file = Files.createTempFile("manifest", ".yaml");
      Files.writeString(file, manifest);
      kubectl("apply", "-f", file.toString());
      Files.delete(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the numbers of the cluster's nodes. */
  static List<Integer> nodes() {
    List<Integer> nodes = new ArrayList<>();
    for (JsonNode node : get("nodes").path("items")) {
      nodes.add(Integer.parseInt(node.at("/metadata/name").asText().substring("node".length())));
    }
    return nodes;
  }

  /** Gives an image another name on these nodes. */
  static void tag(List<Integer> nodes, String image, String name) {
    for (int node : nodes) {
      node(node, "ctr -n k8s.io images tag --force %s %s".formatted(image, name));
    }
  }

  /** Runs a shell command on a node. */
  static String node(int number, String command) {
    return run("node", String.valueOf(number), command);
  }

  /** Returns what an iproute2 command prints as JSON on a node. */
  static JsonNode nodeJson(int number, String command) {
    return json(node(number, command));
  }

  /** Runs a command of this machine in the cluster's network, whatever its exit code. */
  static Outcome inNetwork(String... words) {
    return tryRun(with(words, "exec"));
  }

  private static String[] with(String[] words, String first) {
    return with(new String[] {first}, List.of(words));
  }

  private static String[] with(String[] words, List<String> more) {
    List<String> all = new ArrayList<>(List.of(words));
    all.addAll(more);
    return all.toArray(String[]::new);
  }

  private static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (IOException e) {
      throw new AssertionError("no JSON: " + text, e);
    }
  }

  /** Keeps standard error apart from the output, and appends it if the command fails. */
  private static Outcome exec(String... words) {
    try {
      Path errors = Files.createTempFile("lab", ".err");
      List<String> command = new ArrayList<>(List.of("lab/lab"));
      command.addAll(List.of(words));
      Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), UTF_8);
      if (!process.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES)) {
        process.destroyForcibly();
        throw new AssertionError("lab/lab %s does not end".formatted(String.join(" ", words)));
      }
      String said = Files.readString(errors);
      Files.delete(errors);
      return new Outcome(process.exitValue(), process.exitValue() == 0 ? output : output + said);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }
}

package io.flannel.operator.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A node sends a thousand forged probes a second in other nodes' names, on the underlay and through
 * the overlay: no verdict changes, and a change of the backend meanwhile is not rolled back.
 */
@ExtendWith(InstalledOperator.class)
@Tag("slow")
class ForgedProbesE2E {
  private static final List<Integer> NODES = List.of(1, 2, 3);
  private static final int FORGER = 3;
  private static final Duration WATCHED = Duration.ofMinutes(1);

  /** Forging goes on while this file exists. */
  private static final String GOES_ON = "/run/forging";

  /** Sends requests from the first to the second address of each pair in turn. */
  private static final String FORGE =
      """
      import os, socket, struct, time
      pairs = [pair.split('>') for pair in '%s'.split(',')]
      raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
      began = time.monotonic()
      sent = 0
      while time.monotonic() - began < %d and os.path.exists('%s'):
          while sent < (time.monotonic() - began) * 1000:
              source, target = pairs[sent %% len(pairs)]
              ip = struct.pack('!BBHHHBBH4s4s', 69, 0, 44, 0, 0, 64, 17, 0,
                               socket.inet_aton(source), socket.inet_aton(target))
              udp = struct.pack('!HHHH', 8473, 8473, 24, 0)
              echo = b'FLNP' + struct.pack('!BBH', 1, 1, 16) + os.urandom(8)
              try:
                  raw.sendto(ip + udp + echo, (target, 0))
              except OSError:
                  pass
              sent += 1
          time.sleep(0.002)
      """;

  @ParameterizedTest
  @CsvSource({"ipip, vxlan", "vxlan, host-gw"})
  void noVerdictChangesAndNoChangeIsTakenBack(String backend, String next) throws Exception {
    Network.becomes("{type: %s}".formatted(backend));
    TestPods.restart(NODES);
    FaultRun.awaitHealthy();
    await("agents that sign")
        .atMost(5, MINUTES)
        .pollInterval(2, SECONDS)
        .until(() -> agentsThatSay("requests are signed").size() == NODES.size());
    Set<String> before = verdicts();

    Thread forging = forge(Duration.ofMinutes(5));
    try {
      Set<String> seen = new TreeSet<>();
      long end = System.nanoTime() + WATCHED.toNanos();
      while (System.nanoTime() - end < 0) {
        seen.addAll(verdicts());
      }
      assertThat(seen).isEqualTo(before);
      assertThat(agentsThatSay("come in the name of")).as("whom it reached").hasSizeGreaterThan(1);

      Network.rolls("{type: %s}".formatted(next));
      Network.awaitReady();
      JsonNode status = Network.status();
      assertThat(status.at("/rollout/phase").asText()).isEqualTo("Complete");
      assertThat(status.at("/applied/backend").asText()).isEqualTo(next);
      assertThat(forging.isAlive()).as("it went on all the while").isTrue();
    } finally {
      Lab.node(FORGER, "rm -f " + GOES_ON);
      forging.join(Duration.ofMinutes(6));
    }
  }

  /**
   * Forges requests between all pairs of nodes on the underlay and the overlay, except to the
   * forger.
   */
  private static Thread forge(Duration time) {
    List<String> pairs = new ArrayList<>();
    for (int from : NODES) {
      for (int to : NODES) {
        if (from != to && to != FORGER) {
          pairs.add(nodeAddress(from) + ">" + nodeAddress(to));
          pairs.add(overlayAddress(from) + ">" + overlayAddress(to));
        }
      }
    }
    String script = FORGE.formatted(String.join(",", pairs), time.toSeconds(), GOES_ON);
    String encoded = Base64.getEncoder().encodeToString(script.getBytes(UTF_8));
    String command =
        "touch %s; python3 -S -E -c \"import base64; exec(base64.b64decode('%s'))\""
            .formatted(GOES_ON, encoded);
    return Thread.ofVirtual().start(() -> Lab.tryRun("node", String.valueOf(FORGER), command));
  }

  private static String nodeAddress(int node) {
    return Lab.kubectl(
            "get",
            "node",
            "node" + node,
            "-o",
            "jsonpath={.status.addresses[?(@.type==\"InternalIP\")].address}")
        .strip();
  }

  /** Returns the first address of the node's podCIDR, which its tunnel device has. */
  private static String overlayAddress(int node) {
    String range =
        Lab.kubectl("get", "node", "node" + node, "-o", "jsonpath={.spec.podCIDR}").strip();
    return range.substring(0, range.indexOf('/'));
  }

  /** Returns the agents' pods that have logged these words since they started. */
  private static Set<String> agentsThatSay(String words) {
    Set<String> pods = new TreeSet<>();
    Lab.kubectl(
            "-n",
            InstalledOperator.NAMESPACE,
            "logs",
            "-l",
            "app=flannel-node-agent",
            "--tail=-1",
            "--prefix")
        .lines()
        .filter(line -> line.contains(words))
        .forEach(line -> pods.add(line.substring(0, line.indexOf(' '))));
    return pods;
  }

  /** Returns all that the status says about tunnels, with the time of the last transition. */
  private static Set<String> verdicts() {
    JsonNode network = Lab.get("fnet", "default");
    Set<String> verdicts = new TreeSet<>();
    JsonNode healthy = Network.condition(network, "TunnelsHealthy");
    verdicts.add(
        "TunnelsHealthy %s since %s"
            .formatted(
                healthy.path("status").asText(), healthy.path("lastTransitionTime").asText()));
    for (JsonNode node : network.at("/status/nodes")) {
      verdicts.add(node.path("name").asText() + " " + node.path("tunnel").asText());
    }
    for (JsonNode problem : network.at("/status/problems")) {
      verdicts.add(problem.path("message").asText());
    }
    return verdicts;
  }
}

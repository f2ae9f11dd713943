package io.flannel.operator.e2e;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Pings between the test pods of every pair of nodes, both ways, 50 a second, as long as it is
 * open. Each is the node's own ping in its pod's network namespace, and writes a file on the node.
 *
 * <p>Not busybox' ping: every echo request and answer of the pod goes into its socket, of which
 * some 19 have room there. A node that gets no CPU for a tenth of a second loses packets by that
 * alone, which /proc/net/raw of the pod counts.
 */
final class PodPings {
  static final int INTERVAL_MS = 20;

  /** Not "From 10.244.1.1 icmp_seq=7 Destination Host Unreachable". */
  private static final Pattern ANSWER = Pattern.compile("bytes from \\S+: icmp_seq=(\\d+) ");

  private static final Pattern SENT = Pattern.compile("(\\d+) packets transmitted");

  /** ping counts in 16 bits, from 1. */
  private static final int SEQUENCES = 1 << 16;

  /**
   * What became of them.
   *
   * @param sent echo requests that were sent, but for the last, which may still be under way
   * @param lost of these, the ones that were not answered
   * @param longestGapMs between two answers of one pair, that is by its numbers
   * @param pairs what was lost, by direction
   */
  record Result(int sent, int lost, int longestGapMs, List<String> pairs) {}

  private record Ping(int from, int to, String address) {
    String file() {
      return "/tmp/ping-to-node" + to;
    }
  }

  private final List<Ping> pings = new ArrayList<>();

  private PodPings() {}

  /** Starts them. The test pods must run. */
  static PodPings between(List<Integer> nodes) {
    PodPings started = new PodPings();
    for (int from : nodes) {
      for (int to : nodes) {
        if (from != to) {
          started.pings.add(new Ping(from, to, TestPods.address(to)));
        }
      }
    }
    started.pings.forEach(
        ping ->
            Lab.run(
                "pod",
                String.valueOf(ping.from()),
                TestPods.name(ping.from()),
                "setsid ping -n -i 0.02 %s >%s 2>&1 </dev/null & echo $! >%2$s.pid"
                    .formatted(ping.address(), ping.file())));
    return started;
  }

  /** Ends them. */
  Result stop() {
    int sent = 0;
    int lost = 0;
    int longest = 0;
    List<String> pairs = new ArrayList<>();
    for (Ping ping : pings) {
      String said =
          Lab.node(
              ping.from(), "kill -INT $(cat %1$s.pid); sleep 1; cat %1$s".formatted(ping.file()));
      Matcher answers = ANSWER.matcher(said);
      TreeSet<Integer> answered = new TreeSet<>();
      while (answers.find()) {
        answered.add(Integer.parseInt(answers.group(1)));
      }
      Matcher count = SENT.matcher(said);
      int requests = count.find() ? Integer.parseInt(count.group(1)) : 0;
      if (requests < 2 || requests >= SEQUENCES) {
        throw new AssertionError(
            "node%d to node%d: %d requests: nothing can be said. %s"
                .formatted(ping.from(), ping.to(), requests, tail(said)));
      }
      if (!answered.contains(requests)) {
        requests--;
      }
      int missing = requests - answered.size();
      int gap = longestGap(answered, requests);
      sent += requests;
      lost += missing;
      longest = Math.max(longest, gap);
      if (missing > 0) {
        pairs.add(
            "node%d to node%d: %d lost, %d ms at most"
                .formatted(ping.from(), ping.to(), missing, gap));
      }
    }
    return new Result(sent, lost, longest, pairs);
  }

  private static int longestGap(TreeSet<Integer> answered, int sent) {
    int longest = 0;
    int before = 0;
    for (int sequence : answered) {
      longest = Math.max(longest, (sequence - before - 1) * INTERVAL_MS);
      before = sequence;
    }
    return Math.max(longest, (sent - before) * INTERVAL_MS);
  }

  private static String tail(String text) {
    return text.substring(Math.max(0, text.length() - 500));
  }
}

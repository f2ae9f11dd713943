package io.flannel.operator.e2e;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Pings between the test pods of every pair of nodes, both ways, 50 a second, until stopped. Each
 * is the node's own ping in its pod's network namespace, and writes to a file on the node.
 *
 * <p>busybox' ping is unsuitable: its socket receives every echo request and answer of the pod, and
 * has room for some 19. A node that gets no CPU for a tenth of a second loses packets for that
 * alone, which the pod's /proc/net/raw counts.
 */
final class PodPings {
  static final int INTERVAL_MS = 20;

  /** Does not match "From 10.244.1.1 icmp_seq=7 Destination Host Unreachable". */
  private static final Pattern ANSWER = Pattern.compile("bytes from \\S+: icmp_seq=(\\d+) ");

  /** What ping prints at SIGQUIT, without ending: answers, and requests. */
  private static final Pattern MARK = Pattern.compile("\\d+/(\\d+) packets, ");

  /** ping's sequence numbers have 16 bits and begin at 1. */
  private static final int SEQUENCES = 1 << 16;

  /**
   * The result.
   *
   * @param sent echo requests that had at least a second to be answered
   * @param lost number of these that were not answered
   * @param longestGapMs longest gap between two answers of one pair, computed from sequence numbers
   * @param pairs losses by direction
   */
  record Result(int sent, int lost, int longestGapMs, List<String> pairs) {}

  private record Ping(int from, int to, String address) {
    String file() {
      return "/tmp/ping-to-node" + to;
    }
  }

  private final List<Ping> pings = new ArrayList<>();

  private PodPings() {}

  /** Starts the pings. The test pods must run. */
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
                "setsid ping -n -i 0.02 %s >%s 2>%2$s.marks </dev/null & echo $! >%2$s.pid"
                    .formatted(ping.address(), ping.file())));
    return started;
  }

  /**
   * Ends the pings. Requests sent from now on don't count: on a busy machine, several may be in
   * flight when ping ends.
   */
  Result stop() {
    pings.forEach(
        ping -> Lab.node(ping.from(), "kill -QUIT $(cat %s.pid) || true".formatted(ping.file())));
    int sent = 0;
    int lost = 0;
    int longest = 0;
    List<String> pairs = new ArrayList<>();
    for (Ping ping : pings) {
      String said =
          Lab.node(
              ping.from(),
              "sleep 1; kill -INT $(cat %1$s.pid); sleep 1; cat %1$s %1$s.marks"
                  .formatted(ping.file()));
      Matcher answers = ANSWER.matcher(said);
      TreeSet<Integer> answered = new TreeSet<>();
      while (answers.find()) {
        answered.add(Integer.parseInt(answers.group(1)));
      }
      Matcher count = MARK.matcher(said);
      int requests = count.find() ? Integer.parseInt(count.group(1)) : 0;
      if (requests < 2 || requests >= SEQUENCES) {
        throw new AssertionError(
            "node%d to node%d: %d requests: nothing can be said. %s"
                .formatted(ping.from(), ping.to(), requests, tail(said)));
      }
      answered.tailSet(requests, false).clear();
      int missing = requests - answered.size();
      int gap = longestGap(answered, requests);
      sent += requests;
      lost += missing;
      longest = Math.max(longest, gap);
      if (missing > 0) {
        pairs.add(
            "node%d to node%d: %d of %d lost, %d ms at most, the last of them number %d"
                .formatted(
                    ping.from(), ping.to(), missing, requests, gap, lastLost(answered, requests)));
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

  private static int lastLost(TreeSet<Integer> answered, int sent) {
    int last = sent;
    while (answered.contains(last)) {
      last--;
    }
    return last;
  }

  private static String tail(String text) {
    return text.substring(Math.max(0, text.length() - 500));
  }
}

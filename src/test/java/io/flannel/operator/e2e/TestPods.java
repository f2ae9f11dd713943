package io.flannel.operator.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;

/** A pod on each node, which ping each other. */
final class TestPods {
  private static final int PINGS = 3;
  private static final List<String> ANSWERS =
      IntStream.rangeClosed(1, PINGS).mapToObj(" icmp_seq=%d "::formatted).toList();

  private TestPods() {}

  /** Starts the pods that are not there yet, and waits until all run. */
  static void start(List<Integer> nodes) {
    for (int node : nodes) {
      Lab.apply(
          """
          apiVersion: v1
          kind: Pod
          metadata: {name: %s}
          spec:
            nodeName: node%d
            terminationGracePeriodSeconds: 0
            containers:
              - name: shell
                image: docker.io/library/busybox:lab
                imagePullPolicy: Never
                command: [sleep, "2147483647"]
          """
              .formatted(name(node), node));
    }
    for (int node : nodes) {
      Lab.kubectl("wait", "--for=condition=Ready", "pod/" + name(node), "--timeout=5m");
    }
  }

  /** Starts them again, as a user does after a change to a backend with a smaller MTU. */
  static void restart(List<Integer> nodes) {
    for (int node : nodes) {
      Lab.kubectl("delete", "pod", name(node), "--ignore-not-found", "--wait=true");
    }
    start(nodes);
  }

  static String name(int node) {
    return "on-node" + node;
  }

  static String address(int node) {
    return Lab.get("pod", name(node)).at("/status/podIP").asText();
  }

  /** Every pod reaches every other, and none of the packets is lost. */
  static void allReachEachOther(List<Integer> nodes) {
    for (int from : nodes) {
      for (int to : nodes) {
        if (from != to) {
          assertThat(ping(from, to)).as("ping from node%d to node%d", from, to).contains(ANSWERS);
        }
      }
    }
  }

  /**
   * What ping says once it has as many answers as it is to send, or has waited ten seconds for them
   * and gone on asking. Without such a deadline it would give the last answer no more than 0.2 s,
   * and a node that gets no CPU for so long would look like one that loses packets.
   *
   * <p>Not by busybox' ping: see {@link PodPings}.
   */
  static String ping(int from, int to) {
    return Lab.tryRun(
            "pod",
            String.valueOf(from),
            name(from),
            "ping",
            "-n",
            "-c",
            String.valueOf(PINGS),
            "-i",
            "0.2",
            "-w",
            "10",
            address(to))
        .output();
  }
}

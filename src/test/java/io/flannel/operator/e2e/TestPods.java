package io.flannel.operator.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Pods, one on each node, that ping each other. */
final class TestPods {
  private static final int PINGS = 3;
  private static final List<String> ANSWERS =
      IntStream.rangeClosed(1, PINGS).mapToObj(" icmp_seq=%d "::formatted).toList();

  private TestPods() {}

  /** Starts the missing pods, and waits until all run. */
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

  /** Restarts the pods, as a user does after a change to a backend with a smaller MTU. */
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
    return addresses(node).getFirst();
  }

  /** Returns the pod's addresses, the cluster's first family first. */
  static List<String> addresses(int node) {
    List<String> addresses = new ArrayList<>();
    Lab.get("pod", name(node))
        .at("/status/podIPs")
        .forEach(each -> addresses.add(each.path("ip").asText()));
    return addresses;
  }

  /** Asserts that every pod reaches all addresses of every other without losing a packet. */
  static void allReachEachOther(List<Integer> nodes) {
    for (int from : nodes) {
      for (int to : nodes) {
        if (from != to) {
          for (String address : addresses(to)) {
            assertThat(ping(from, address))
                .as("ping from node%d to %s on node%d", from, address, to)
                .contains(ANSWERS);
          }
        }
      }
    }
  }

  /**
   * Returns what ping prints once it has all answers, or after ten seconds of asking. Without this
   * deadline it would wait no more than 0.2 s for the last answer, and a node that gets no CPU for
   * that long would look as if it lost packets.
   *
   * <p>This is not busybox' ping: see {@link PodPings}.
   */
  static String ping(int from, int to) {
    return ping(from, address(to));
  }

  private static String ping(int from, String to) {
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
            to)
        .output();
  }
}

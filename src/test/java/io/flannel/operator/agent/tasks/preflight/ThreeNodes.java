package io.flannel.operator.agent.tasks.preflight;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.flannel.operator.api.BackendType;
import io.flannel.operator.decide.preflight.PreflightResult;
import io.flannel.operator.decide.preflight.PreflightTask;
import io.flannel.operator.decide.preflight.PreflightTask.Peer;
import io.flannel.operator.decide.task.TaskResult;
import io.flannel.operator.testing.process.NetworkNamespace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Three nodes n1, n2 and n3 with 192.168.0.1 to .3 and fd00:192::1 to ::3 on one switch. They are
 * network namespaces of this kernel, whose packets reach nobody else. Needs root.
 */
final class ThreeNodes implements AutoCloseable {
  static final List<String> NAMES = List.of("n1", "n2", "n3");

  private static final List<String> IPV4 = List.of("192.168.0.");

  /** Both families' addresses, each without its last number. */
  static final List<String> DUAL_STACK = List.of("192.168.0.", "fd00:192::");

  private final NetworkNamespace fabric = new NetworkNamespace();
  private final List<NetworkNamespace> nodes = new ArrayList<>();
  private final List<Running> begun = new ArrayList<>();

  ThreeNodes() {
    // A switch does not fragment frames, but the firewall's hook for bridges does: turn it off.
    fabric.run(
        """
        ip link add br0 type bridge
        ip link set br0 up
        sysctl -eqw net.bridge.bridge-nf-call-iptables=0
        """);
    for (int i = 1; i <= NAMES.size(); i++) {
      NetworkNamespace node = new NetworkNamespace();
      nodes.add(node);
      fabric.run(
          """
          ip link add port%1$d type veth peer name eth0 netns %2$s
          ip link set port%1$d master br0 up
          """
              .formatted(i, node.name()));
      node.run(
          """
          ip link set lo up
          ip link set eth0 up
          ip addr add 192.168.0.%1$d/24 dev eth0
          ip addr add fd00:192::%1$d/64 dev eth0 nodad
          """
              .formatted(i));
    }
  }

  NetworkNamespace node(int number) {
    return nodes.get(number - 1);
  }

  /** The namespace between the nodes: bridge br0 with port1 to port3. */
  NetworkNamespace fabric() {
    return fabric;
  }

  static String ipv4(int number) {
    return "192.168.0." + number;
  }

  static String ipv6(int number) {
    return "fd00:192::" + number;
  }

  /** Returns a node's task; the others are its peers, by IPv4. */
  static PreflightTask task(int number, BackendType backend, int seconds) {
    return task(number, backend, seconds, IPV4);
  }

  /**
   * Returns a node's task.
   *
   * @param seconds the time limit
   * @param networks the nodes' addresses to use, each without its last number
   */
  static PreflightTask task(int number, BackendType backend, int seconds, List<String> networks) {
    return new PreflightTask(
        backend,
        switch (backend) {
          case VXLAN -> 8472;
          case WIREGUARD -> 51820;
          case IPIP, HOST_GW -> 0;
        },
        0xffffff,
        null,
        switch (backend) {
          case VXLAN -> 50;
          case WIREGUARD -> 80;
          case IPIP -> 20;
          case HOST_GW -> 0;
        },
        false,
        "00c0ffee00c0ffee",
        seconds,
        networks.stream().map(network -> network + number).toList(),
        IntStream.rangeClosed(1, NAMES.size())
            .filter(other -> other != number)
            .boxed()
            .flatMap(
                other ->
                    networks.stream()
                        .map(network -> new Peer(NAMES.get(other - 1), network + other)))
            .toList());
  }

  /** Returns the task with the pods' MTU pinned. */
  static PreflightTask withMtu(PreflightTask task, int mtu) {
    return new PreflightTask(
        task.backend(),
        task.port(),
        task.vni(),
        mtu,
        task.overhead(),
        task.directRouting(),
        task.nonce(),
        task.seconds(),
        task.addresses(),
        task.peers());
  }

  /** Returns the task with other direct routing and nonce; another nonce means another change. */
  static PreflightTask with(PreflightTask task, boolean directRouting, String nonce) {
    return new PreflightTask(
        task.backend(),
        task.port(),
        task.vni(),
        task.mtu(),
        task.overhead(),
        directRouting,
        nonce,
        task.seconds(),
        task.addresses(),
        task.peers());
  }

  /** A node's task in its own process. */
  static final class Running {
    private final Process process;
    private final PreflightTask task;

    private Running(Process process, PreflightTask task) {
      this.process = process;
      this.task = task;
    }

    /** Waits for the result, and returns it without its start and end times. */
    PreflightResult result() throws IOException {
      String said = new String(process.getInputStream().readAllBytes(), UTF_8);
      PreflightResult result =
          TaskResult.read(said)
              .flatMap(step -> PreflightResult.of(step, task))
              .orElseThrow(() -> new AssertionError("no result: " + said));
      return new PreflightResult(
          0,
          0,
          result.silent(),
          result.smallOnly(),
          result.direct(),
          result.refused(),
          result.error());
    }

    void kill() {
      process.destroyForcibly();
    }
  }

  /** The process' main class. It takes {@code TASK} from the environment and prints the result. */
  static final class Main {
    private Main() {}

    public static void main(String[] args) {
      System.out.print(PreflightTaskRun.run(System.getenv("TASK")).message());
    }
  }

  /** Starts a node's task as its pod would: as root, with CAP_NET_RAW and no other capability. */
  Running begin(int number, PreflightTask task) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
                "ip",
                "netns",
                "exec",
                node(number).name(),
                "setpriv",
                "--bounding-set=-all,+net_raw",
                "--inh-caps=-all,+net_raw",
                "--no-new-privs",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().put("TASK", task.toJson());
    Running running = new Running(builder.start(), task);
    begun.add(running);
    return running;
  }

  /** Runs the task on all three nodes and returns their results. */
  List<PreflightResult> results(BackendType backend, int seconds) throws IOException {
    return results(number -> task(number, backend, seconds));
  }

  /** Runs these tasks on the three nodes and returns their results. */
  List<PreflightResult> results(IntFunction<PreflightTask> tasks) throws IOException {
    List<Running> running = new ArrayList<>();
    for (int number = 1; number <= NAMES.size(); number++) {
      running.add(begin(number, tasks.apply(number)));
    }
    List<PreflightResult> results = new ArrayList<>();
    for (Running one : running) {
      results.add(one.result());
    }
    return results;
  }

  @Override
  public void close() {
    begun.forEach(Running::kill);
    nodes.forEach(NetworkNamespace::close);
    fabric.close();
  }
}

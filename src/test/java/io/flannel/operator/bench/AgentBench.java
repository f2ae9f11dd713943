package io.flannel.operator.bench;

import static io.flannel.operator.api.FlannelNodeSpecBuilder.nodeSpec;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.FlannelNode;
import io.flannel.operator.api.FlannelNodeSpec.Peer;
import io.flannel.operator.api.FlannelNodeSpec.Probe;
import io.flannel.operator.api.FlannelNodeStatus.PeerReport;
import io.flannel.operator.testing.apiserver.ApiServer;
import io.flannel.operator.testing.apiserver.AuditLog;
import io.flannel.operator.testing.operator.AgentProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Measures a node agent with 64 peers, which this program simulates on as many loopback addresses:
 * the memory and CPU it takes, what it sends, and what it writes while nothing happens.
 */
public final class AgentBench {
  private static final int PEERS = 64;
  private static final int PORT = 8473;
  private static final int MTU = 1480;
  private static final String ADDRESS = "127.0.2.1";
  private static final String NODE = "node-0";

  /**
   * Longer than the interval at which the agent refreshes its status, so that one refresh counts.
   */
  private static final Duration WINDOW =
      Duration.ofMinutes(Integer.getInteger("bench.agent.minutes", 12));

  /** The JVM options of the agent's container. */
  private static final String OPTIONS = "@src/main/docker/agent.options";

  private final ApiServer api;
  private final Path java;
  private final Path keys;
  private final Figures figures = new Figures();

  private AgentBench(ApiServer api, Path java, Path keys) {
    this.api = api;
    this.java = java;
    this.keys = keys;
  }

  /**
   * @param args the {@code java} of the image's runtime, and the path at which to create the
   *     agent's AOT cache
   */
  public static void main(String[] args) throws IOException {
    try (ApiServer api = new ApiServer().start();
        EchoPeers peers = new EchoPeers(addresses(), PORT)) {
      api.installCrds();
      Path keys = Files.createTempDirectory("probe-key");
      for (String entry : List.of("current", "next", "previous")) {
        Files.writeString(keys.resolve(entry), "%-32s".formatted(entry));
      }
      new AgentBench(api, Path.of(args[0]), keys).run(peers, Path.of(args[1]).toAbsolutePath());
    }
  }

  private static List<String> addresses() {
    return IntStream.rangeClosed(1, PEERS).mapToObj("127.0.1.%d"::formatted).toList();
  }

  private void run(EchoPeers peers, Path cache) throws IOException {
    api.client().resource(node()).create();
    train(cache);
    try (AgentProcess agent = agent("-XX:AOTCache=" + cache).start()) {
      awaitHealthy(agent);
      pause(Duration.ofMinutes(1));
      AuditLog.Mark mark = api.audit().mark();
      ProcessCpu cpu = ProcessCpu.of(agent.pid());
      long bytes = peers.bytesReceived();
      long began = System.nanoTime();
      String busiest = busiestMinute(agent, cpu);
      double seconds = (System.nanoTime() - began) / 1e9;
      double busy = ProcessCpu.of(agent.pid()).secondsSince(cpu);
      figures.add(
          "agent_rss_mb", "MB", "64", ProcessMemory.megabytes(agent.pid(), "smaps_rollup", "Rss:"));
      figures.add("agent_cpu_percent", "%", "1", 100 * busy / seconds);
      System.out.println("  " + busiest);
      figures.add(
          "probe_bytes_per_node_s",
          "B/s",
          "as few as tell",
          (peers.bytesReceived() - bytes) / seconds);
      figures.add(
          "idle_writes_per_node_hour",
          "",
          "12",
          writes(mark, agent) * Duration.ofHours(1).toSeconds() / seconds);
      System.out.printf(
          "of the memory: Pss %.1f MB, anonymous %.1f MB, of files %.1f MB%n",
          ProcessMemory.megabytes(agent.pid(), "smaps_rollup", "Pss:"),
          ProcessMemory.megabytes(agent.pid(), "smaps_rollup", "Pss_Anon:"),
          ProcessMemory.megabytes(agent.pid(), "smaps_rollup", "Pss_File:"));
    }
    figures.write();
  }

  /** Trains the AOT cache, which the JVM writes when the agent exits. */
  private void train(Path cache) throws IOException {
    Files.deleteIfExists(cache);
    try (AgentProcess agent =
        agent(
                "-XX:AOTCacheOutput=" + cache,
                "-XX:+UnlockDiagnosticVMOptions",
                "-XX:-AOTRecordTraining")
            .start()) {
      awaitHealthy(agent);
      pause(Duration.ofSeconds(5));
      agent.stop();
    }
  }

  private AgentProcess agent(String... options) {
    return AgentProcess.of(api, NODE, ADDRESS)
        .packaged()
        .java(java)
        .environment("MALLOC_ARENA_MAX", "1")
        .environment("PROBE_KEY_DIR", keys.toString())
        .javaOptions(Stream.concat(Stream.of(OPTIONS), Stream.of(options)).toArray(String[]::new));
  }

  private void awaitHealthy(AgentProcess agent) {
    Predicate<PeerReport> healthy = peer -> Boolean.TRUE.equals(peer.fullSize());
    await("the agent's report that all peers are healthy")
        .atMost(Duration.ofMinutes(2))
        .until(
            () -> {
              var status =
                  api.client().resources(FlannelNode.class).withName(NODE).get().getStatus();
              return agent.isAlive()
                  && status != null
                  && status.peers() != null
                  && status.peers().stream().filter(healthy).count() == PEERS;
            });
  }

  private long writes(AuditLog.Mark since, AgentProcess agent) {
    return api.audit().since(since).stream()
        .filter(request -> request.isWriteBy(agent.user()))
        .count();
  }

  private static FlannelNode node() {
    FlannelNode node = new FlannelNode();
    node.setMetadata(new ObjectMetaBuilder().withName(NODE).build());
    node.setSpec(
        nodeSpec(BackendType.IPIP)
            .device("flannel.ipip")
            .mtu(MTU)
            .cidr("10.244.0.0/16")
            .subnet("10.244.0.0/24")
            .publicIp(ADDRESS)
            .probe(new Probe("2s", 3, PORT))
            .peers(
                addresses().stream()
                    .map(address -> new Peer("peer-" + address, address, address, null, null, null))
                    .toList())
            .get());
    return node;
  }

  /**
   * Waits for {@link #WINDOW} and describes the threads' CPU time in the busiest minute.
   *
   * @param begin the agent's CPU time so far
   */
  private static String busiestMinute(AgentProcess agent, ProcessCpu begin) throws IOException {
    double most = -1;
    String said = "";
    ProcessCpu before = begin;
    for (int minute = 1; minute <= WINDOW.toMinutes(); minute++) {
      pause(Duration.ofMinutes(1));
      ProcessCpu now = ProcessCpu.of(agent.pid());
      double seconds = now.secondsSince(before);
      if (seconds > most) {
        most = seconds;
        said =
            "at most in minute %d: %.2f s of CPU (%s)"
                .formatted(minute, seconds, now.busiestSince(before));
      }
      before = now;
    }
    return said;
  }

  private static void pause(Duration time) {
    await().pollDelay(time).atMost(time.plusMinutes(1)).until(() -> true);
  }
}

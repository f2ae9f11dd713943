package io.flannel.operator.agent;

import io.flannel.operator.agent.checks.LocalChecks;
import io.flannel.operator.flannel.ProbeKey;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Semaphore;

/**
 * The node agent's main class.
 *
 * <p>Environment: {@code NODE_NAME} is the Node's name. {@code BIND_ADDRESS} (optional) is the only
 * address to listen on and probe from; the default is all. {@code PROBE_KEY_DIR} (optional) is the
 * directory of the network's keys; the default is {@link ProbeKey#DIRECTORY}. The agent also needs
 * what kubelet sets in every pod (see {@link InCluster}).
 */
public final class Agent {
  /** Where flanneld writes subnet.env; mounted from the node. */
  private static final Path FLANNEL_RUN = Path.of("/run/flannel");

  /** Where the node's CNI configuration directory is mounted in the agent's pod. */
  private static final Path CNI_CONF = Path.of("/etc/cni/net.d");

  /** How long to wait for the last report; shorter than the pod's grace period. */
  private static final Duration LEAVE = Duration.ofSeconds(2);

  private Agent() {}

  /** Runs until stopped. A failing thread ends the process, so that kubelet restarts it. */
  public static void main(String[] args) throws InterruptedException {
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, failure) -> {
          Log.warn(Agent.class, "%s failed: %s".formatted(thread.getName(), failure));
          Runtime.getRuntime().halt(1);
        });
    try {
      run(System.getenv());
    } catch (IllegalArgumentException | IllegalStateException e) {
      Log.warn(Agent.class, String.valueOf(e.getMessage()));
      System.exit(1);
    }
  }

  private static void run(Map<String, String> environment) throws InterruptedException {
    String name = environment.getOrDefault("NODE_NAME", "");
    if (name.isBlank()) {
      throw new IllegalStateException(
          "NODE_NAME is not set: give it to the container from the field spec.nodeName");
    }
    InCluster cluster = InCluster.of(environment);
    InetAddress bindAddress =
        Optional.ofNullable(environment.get("BIND_ADDRESS"))
            .map(InetAddress::ofLiteral)
            .orElseGet(() -> new InetSocketAddress(0).getAddress());
    SecureRandom random = new SecureRandom();
    RunningAgent agent = RunningAgent.here(Clock.systemUTC(), Path.of("/proc/uptime"));
    Semaphore news = new Semaphore(0);
    Prober prober = new Prober(name, bindAddress, Clock.systemUTC(), random, news::release);
    OwnFlannelNode node = new OwnFlannelNode(name, new ApiClient(cluster), random, news::release);
    LocalChecks checks = LocalChecks.ofThisNode(FLANNEL_RUN, CNI_CONF);
    Path keys = Path.of(environment.getOrDefault("PROBE_KEY_DIR", ProbeKey.DIRECTORY));
    NodeObserver observer =
        new NodeObserver(
            checks, prober, new ProbeKeyFiles(keys, prober::sign), agent, Clock.systemUTC());
    Reporter reporter = new Reporter(news, node, observer, random);
    Log.info(
        Agent.class,
        "version %s, node %s, API server %s"
            .formatted(
                Objects.requireNonNullElse(agent.version(), "unknown"), name, cluster.server()));
    Runtime.getRuntime()
        .addShutdownHook(
            Thread.ofPlatform().unstarted(() -> untilInterrupted(() -> reporter.takeLeave(LEAVE))));
    Thread.ofPlatform().name("prober").start(prober);
    Thread.ofPlatform().name("watch").start(() -> untilInterrupted(node::follow));
    reporter.run();
  }

  /** A task that blocks and may be interrupted. */
  private interface Task {
    void run() throws InterruptedException;
  }

  private static void untilInterrupted(Task task) {
    try {
      task.run();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

package io.flannel.operator.bench;

import static java.util.concurrent.TimeUnit.MINUTES;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.api.BackendSpec;
import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.api.FlannelNetworkSpec;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.render.Flannel;
import io.flannel.operator.testing.apiserver.ApiServer;
import io.flannel.operator.testing.apiserver.AuditLog;
import io.flannel.operator.testing.apiserver.TestNode;
import io.flannel.operator.testing.operator.ImageOptions;
import io.flannel.operator.testing.operator.OperatorProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Measures the packaged operator on this machine, against a real API server: how fast it starts and
 * writes, compared with kubectl in the same run, and how much memory it takes.
 *
 * <p>Write times are the API server's own, from its audit log.
 */
public final class OperatorBench {
  private static final int ROUNDS = 7;

  /** Enough for the heap to grow, if nothing limits it. */
  private static final int CHANGES = 200;

  private final ApiServer api;
  private final Figures figures = new Figures();

  private OperatorBench(ApiServer api) {
    this.api = api;
  }

  /**
   * @param args the AOT cache that was trained for {@code target/quarkus-app}
   */
  public static void main(String[] args) throws IOException {
    try (ApiServer api = new ApiServer().start()) {
      api.installCrds().controllerManager();
      new OperatorBench(api).run(Path.of(args[0]).toAbsolutePath());
    }
  }

  private void run(Path cache) throws IOException {
    for (int i = 1; i <= 3; i++) {
      TestNode.named("node" + i)
          .podCidrs("10.244.%d.0/24".formatted(i))
          .internalIp("192.168.0.8" + i)
          .lease("ipip", "null", "192.168.0.8" + i)
          .create(api.client());
    }
    startToReady(cache);
    double ours = applyToWritten(cache);
    double kubectl = kubectlApply();
    System.out.printf(
        "ours takes %.2f times what kubectl takes for the same objects (goal 1.5)%n",
        ours / kubectl);
    figures.write();
  }

  private OperatorProcess operator(Path cache) {
    var options =
        Stream.concat(Stream.of("-XX:AOTCache=" + cache), ImageOptions.jvm().stream())
            .toArray(String[]::new);
    return OperatorProcess.with(api.kubeconfig())
        .environment("MALLOC_ARENA_MAX", "1")
        .javaOptions(options);
  }

  private void startToReady(Path cache) throws IOException {
    double[] times = new double[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
      try (OperatorProcess operator = operator(cache)) {
        Instant began = Instant.now();
        operator.start().awaitReady();
        times[round] = millis(began, Instant.now());
        operator.stop();
      }
    }
    figures.add("start_to_ready_ms", "ms", "2000", times);
  }

  private double applyToWritten(Path cache) throws IOException {
    try (OperatorProcess operator = operator(cache).start().awaitReady()) {
      double[] times = new double[ROUNDS];
      for (int round = 0; round < ROUNDS; round++) {
        AuditLog.Mark mark = api.audit().mark();
        api.client().resource(network()).create();
        await().atMost(1, MINUTES).until(() -> daemonSetIsThere());
        await().atMost(1, MINUTES).until(() -> statusIsThere());
        times[round] = fromNetworkToLastObject(api.audit().since(mark));
        removeAll();
      }
      double median = figures.add("apply_to_written_ms", "ms", "300", times);
      api.client().resource(network()).create();
      await().atMost(1, MINUTES).until(() -> statusIsThere());
      figures.add("operator_rss_mb", "MB", "150", idleMemory(operator));
      makeChanges();
      figures.add("operator_rss_after_changes_mb", "MB", "150", idleMemory(operator));
      removeAll();
      return median;
    }
  }

  /**
   * Changes the network repeatedly, then waits for longer than the operator's heap check interval
   * of one minute.
   */
  private void makeChanges() {
    for (int change = 0; change < CHANGES; change++) {
      FlannelNetwork network = network(1400 + change % 50);
      api.client().resource(network).patch();
      await()
          .atMost(1, MINUTES)
          .until(
              () -> {
                FlannelNetwork now = api.client().resource(network).get();
                return now.getMetadata()
                    .getGeneration()
                    .equals(now.getStatus().observedGeneration());
              });
    }
    pause(Duration.ofSeconds(70));
  }

  /**
   * Returns the memory in MB, read five times at intervals of five seconds, so that the median
   * leaves out what follows a write.
   */
  private static double[] idleMemory(OperatorProcess operator) throws IOException {
    double[] megabytes = new double[5];
    for (int i = 0; i < megabytes.length; i++) {
      pause(Duration.ofSeconds(5));
      megabytes[i] = ProcessMemory.megabytes(operator.pid(), "status", "VmRSS:");
    }
    return megabytes;
  }

  private double kubectlApply() throws IOException {
    List<HasMetadata> objects = Flannel.render(DesiredNetwork.of("default", network().getSpec()));
    Path file = Files.createTempFile("flannel", ".yaml");
    StringBuilder yaml = new StringBuilder();
    objects.forEach(object -> yaml.append("---\n").append(Serialization.asYaml(object)));
    Files.writeString(file, yaml);
    double[] times = new double[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
      Instant began = Instant.now();
      api.kubectl("apply", "-f", file.toString());
      times[round] = millis(began, Instant.now());
      removeAll();
    }
    Files.delete(file);
    return figures.add("kubectl_apply_ms", "ms", "ours at most 1.5 times", times);
  }

  private static double fromNetworkToLastObject(List<AuditLog.Request> requests) {
    Instant applied =
        requests.stream()
            .filter(request -> request.isWrite() && request.verb().equals("create"))
            .filter(request -> request.resource().equals("flannelnetworks"))
            .map(AuditLog.Request::received)
            .findFirst()
            .orElseThrow();
    Instant written =
        requests.stream()
            .filter(AuditLog.Request::isWrite)
            .filter(request -> request.uri().contains("fieldManager=flannel-operator"))
            .filter(request -> !request.resource().startsWith("flannelnetworks"))
            .map(AuditLog.Request::answered)
            .max(Comparator.naturalOrder())
            .orElseThrow();
    return millis(applied, written);
  }

  private void removeAll() {
    api.client().resource(network()).delete();
    for (HasMetadata object : Flannel.render(DesiredNetwork.of("default", network().getSpec()))) {
      api.client().resource(object).delete();
    }
    awaitGone(() -> api.client().resource(network()).get() == null);
    awaitGone(
        () -> {
          // No kubelet ends the pods, and the namespace waits for them.
          api.client().pods().inNamespace(Flannel.NAMESPACE).withGracePeriod(0).delete();
          return api.client().namespaces().withName(Flannel.NAMESPACE).get() == null;
        });
  }

  private static void awaitGone(Supplier<Boolean> gone) {
    await().atMost(2, MINUTES).until(gone::get);
  }

  private boolean daemonSetIsThere() {
    return api.client()
            .apps()
            .daemonSets()
            .inNamespace(Flannel.NAMESPACE)
            .withName(Flannel.DAEMON_SET)
            .get()
        != null;
  }

  private boolean statusIsThere() {
    FlannelNetwork network = api.client().resource(network()).get();
    return network != null && network.getStatus() != null;
  }

  private static FlannelNetwork network() {
    return network(null);
  }

  private static FlannelNetwork network(@Nullable Integer mtu) {
    FlannelNetwork network = new FlannelNetwork();
    network.setMetadata(
        new ObjectMetaBuilder()
            .withName("default")
            // The nodes have leases before flannel is installed.
            .addToAnnotations(FlannelNetwork.CONFIRM_NO_OTHER_FLANNEL, "true")
            .build());
    network.setSpec(
        new FlannelNetworkSpec(
            "10.244.0.0/16",
            null,
            new BackendSpec(BackendType.IPIP, null, null, null),
            mtu,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null));
    return network;
  }

  private static void pause(Duration time) {
    await().pollDelay(time).atMost(time.plusMinutes(1)).until(() -> true);
  }

  private static double millis(Instant from, Instant to) {
    return Duration.between(from, to).toNanos() / 1e6;
  }
}

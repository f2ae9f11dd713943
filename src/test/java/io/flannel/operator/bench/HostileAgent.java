package io.flannel.operator.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.flannel.operator.testing.cluster.AgentToken;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/**
 * A compromised agent: with the rights of its own node's agent, it writes one of the {@link
 * HostileReports} after another, as fast as the API server answers. The API server takes long over
 * large ones, so half of the time it only writes small ones.
 */
final class HostileAgent implements AutoCloseable {
  private static final int CONNECTIONS = 4;
  private static final int SMALL = 2_000;
  private static final int PHASE_SECONDS = 10;

  private final KubernetesClient client;
  private final String url;
  private final Map<String, String> reports = new HostileReports().all();
  private final List<String> all = List.copyOf(reports.keySet());
  private final List<String> small = all.stream().filter(kind -> bytes(kind) < SMALL).toList();
  private final long began = System.nanoTime();
  private final ExecutorService threads = Executors.newFixedThreadPool(CONNECTIONS);
  private final AtomicInteger writes = new AtomicInteger();
  private final Map<String, Integer> answers = new ConcurrentHashMap<>();
  private volatile boolean ended;

  HostileAgent(AgentToken token, String node) {
    client = token.client();
    url =
        token.cluster().api().url() + "/apis/flannel.io/v1alpha1/flannelnodes/" + node + "/status";
  }

  HostileAgent start() {
    for (int i = 0; i < CONNECTIONS; i++) {
      threads.execute(this::run);
    }
    return this;
  }

  private void run() {
    try {
      while (!ended) {
        int number = writes.getAndIncrement();
        List<String> kinds = phase() % 2 == 0 ? small : all;
        String kind = kinds.get(number % kinds.size());
        answers.merge("%s: %s".formatted(kind, write(kind, number)), 1, Integer::sum);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private long phase() {
    return (System.nanoTime() - began) / 1_000_000_000 / PHASE_SECONDS;
  }

  private String write(String kind, int number) throws InterruptedException {
    String report =
        reports
            .getOrDefault(kind, "{}")
            .replace(HostileReports.COUNTER, "%08d".formatted(number + 1));
    HttpRequest request =
        client
            .getHttpClient()
            .newHttpRequestBuilder()
            .uri(url)
            .method(
                "PATCH",
                "application/json-patch+json",
                "[{\"op\": \"add\", \"path\": \"/status\", \"value\": %s}]".formatted(report))
            .build();
    try {
      HttpResponse<String> response = client.getHttpClient().sendAsync(request, String.class).get();
      return String.valueOf(response.code());
    } catch (ExecutionException e) {
      return String.valueOf(e.getCause().getClass().getSimpleName());
    }
  }

  /** Returns how many writes of each kind got which answer. */
  String told() {
    return new TreeMap<>(answers)
        .entrySet().stream()
            .map(
                it ->
                    String.format(
                        Locale.ROOT,
                        "  %-32s %6d of %,9d bytes",
                        it.getKey(),
                        it.getValue(),
                        bytes(it.getKey().split(": ")[0])))
            .collect(Collectors.joining("\n"));
  }

  private int bytes(String kind) {
    return reports.getOrDefault(kind, "").getBytes(UTF_8).length;
  }

  @Override
  public void close() {
    ended = true;
    threads.close();
    client.close();
  }
}

package io.flannel.operator.testing.operator;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.awaitility.Awaitility.await;

import io.flannel.operator.testing.process.ChildProcess;
import io.flannel.operator.testing.process.FreePorts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The packaged operator as a separate process that can be killed.
 *
 * <pre>{@code
 * try (var operator = OperatorProcess.with(api.kubeconfig()).start()) {
 *   operator.awaitReady();
 *   …
 *   operator.kill();
 *   operator.start();
 * }
 * }</pre>
 */
public final class OperatorProcess implements AutoCloseable {
  /** The result of {@code mvn package}. */
  public static final Path PACKAGED = Path.of("target/quarkus-app/quarkus-run.jar");

  private static final long READY_SECONDS = 120;
  private static final long STOP_SECONDS = 60;

  private final Path jar;
  private final Map<String, String> environment;
  private final List<String> javaOptions;
  private final HttpClient http = HttpClient.newHttpClient();
  private final int port = FreePorts.one();
  private final Path log;
  private @Nullable ChildProcess process;

  private OperatorProcess(
      Path jar, Map<String, String> environment, List<String> javaOptions, Path log) {
    this.jar = jar;
    this.environment = environment;
    this.javaOptions = javaOptions;
    this.log = log;
  }

  /**
   * Prepares the packaged operator, without starting it; its log is written beside the kubeconfig.
   */
  public static OperatorProcess with(Path kubeconfig) {
    return of(PACKAGED, kubeconfig);
  }

  static OperatorProcess of(Path jar, Path kubeconfig) {
    return new OperatorProcess(
        jar,
        Map.of("KUBECONFIG", kubeconfig.toString()),
        List.of(),
        kubeconfig.resolveSibling("operator-" + FreePorts.one() + ".log"));
  }

  /** Returns a copy with one more environment variable, such as {@code QUARKUS_LOG_LEVEL}. */
  public OperatorProcess environment(String name, String value) {
    Map<String, String> more = new TreeMap<>(environment);
    more.put(name, value);
    return new OperatorProcess(jar, more, javaOptions, log);
  }

  /** Returns a copy with these JVM options, such as {@code -Xmx96m}. */
  public OperatorProcess javaOptions(String... options) {
    return new OperatorProcess(jar, environment, List.of(options), log);
  }

  /** Starts or restarts it with the same port and log; does not wait. */
  public OperatorProcess start() {
    if (isAlive()) {
      throw new IllegalStateException("The operator runs already");
    }
    if (!Files.isRegularFile(jar)) {
      throw new IllegalStateException(
          "There is no "
              + jar.toAbsolutePath()
              + ": the integration tests run the packaged operator. Run `mvn verify`, or `mvn"
              + " package` before a single test.");
    }
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(javaOptions);
    command.addAll(List.of("-jar", jar.toAbsolutePath().toString()));
    Map<String, String> variables = new TreeMap<>(environment);
    variables.put("QUARKUS_HTTP_HOST", "127.0.0.1");
    variables.put("QUARKUS_HTTP_PORT", Integer.toString(port));
    process = ChildProcess.start("The operator", command, variables, log);
    return this;
  }

  /** Waits until {@code /q/health/ready} answers 200. */
  public OperatorProcess awaitReady() {
    await("the operator's readiness; its log is " + log)
        .atMost(READY_SECONDS, SECONDS)
        .pollInterval(50, TimeUnit.MILLISECONDS)
        .until(
            () -> {
              running().mustBeAlive();
              return isReady();
            });
    return this;
  }

  /** Sends SIGKILL, like the kernel's out-of-memory killer. */
  public void kill() {
    running().kill();
  }

  /** Sends SIGTERM, like a kubelet; returns the exit code, 143 for a JVM that it ended. */
  public int stop() {
    return running().terminate(STOP_SECONDS);
  }

  /** Calls {@link #stop}, {@link #start} and {@link #awaitReady}. */
  public OperatorProcess restart() {
    stop();
    return start().awaitReady();
  }

  public boolean isAlive() {
    return process != null && process.isAlive();
  }

  public long pid() {
    return running().pid();
  }

  /** Returns the file with everything that it has printed since its first start. */
  public Path log() {
    return log;
  }

  /** Returns the address of its endpoints, such as {@code http://127.0.0.1:34567}. */
  public String url() {
    return "http://127.0.0.1:" + port;
  }

  /** Sends a GET request for a path, such as {@code /q/metrics}. */
  public HttpResponse<String> get(String path) throws IOException {
    try {
      return http.send(
          HttpRequest.newBuilder(URI.create(url() + path)).timeout(Duration.ofSeconds(10)).build(),
          HttpResponse.BodyHandlers.ofString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  /** Returns the sum of a metric over all its labels, 0 if there is none. */
  public double metric(String name) {
    try {
      return get("/q/metrics")
          .body()
          .lines()
          .filter(line -> line.startsWith(name + "{") || line.startsWith(name + " "))
          .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
          .sum();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the lines of stack traces in its log. */
  public List<String> stackTraces() {
    try (var lines = Files.lines(log)) {
      return lines
          .filter(line -> line.matches("\\s+at .*|Caused by: .*|[\\w.]+Exception.*"))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public String logged() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Runs something that triggers a reconciliation, twice, and waits for a reconciliation each time:
   * the first one to end may have started before the trigger, the second one did not.
   */
  public void awaitPassAfter(Runnable cause) {
    for (int time = 1; time <= 2; time++) {
      double before = passes();
      cause.run();
      await("a pass of the operator; its log is " + log)
          .atMost(READY_SECONDS, SECONDS)
          .pollInterval(50, TimeUnit.MILLISECONDS)
          .until(() -> passes() > before);
    }
  }

  /** Returns the number of reconciliations that have ended since it was started. */
  public double passes() {
    return metric("flannel_reconcile_duration_seconds_count");
  }

  @Override
  public void close() {
    if (process != null) {
      process.close();
    }
    http.close();
  }

  private boolean isReady() {
    try {
      return get("/q/health/ready").statusCode() == 200;
    } catch (IOException e) {
      return false;
    }
  }

  private ChildProcess running() {
    if (process == null) {
      throw new IllegalStateException("The operator was not started");
    }
    return process;
  }
}

package io.flannel.operator.testing.apiserver;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.fabric8.kubernetes.client.vertx.VertxHttpClientFactory;
import io.flannel.operator.observe.LenientDecoding;
import io.flannel.operator.testing.process.ChildProcess;
import io.flannel.operator.testing.process.FreePorts;
import io.flannel.operator.testing.process.Tool;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A real etcd and kube-apiserver with RBAC and an audit log, and the controller-manager on request.
 * Use it as a static {@code @RegisterExtension} in a test class, or with {@link #start} and {@link
 * #close}.
 *
 * <p>fabric8's kube-api-test is unsuitable: it fixes the Service range, turns the ServiceAccount
 * admission off, and its processes outlive a killed JVM.
 */
public final class ApiServer implements BeforeAllCallback, AfterAllCallback, AutoCloseable {
  /** The range of the cluster's Services, and thus of its one ServiceCIDR object. */
  public static final String SERVICE_RANGE = "10.96.0.0/16";

  private static final AtomicInteger STARTED = new AtomicInteger();
  private static final long START_SECONDS = 120;

  private final List<ChildProcess> processes = new ArrayList<>();
  private @Nullable Path directory;
  private @Nullable KubernetesClient client;
  private @Nullable ChildProcess server;
  private String[] serverArguments = {};
  private int port;

  @Override
  public void beforeAll(ExtensionContext context) {
    start();
  }

  @Override
  public void afterAll(ExtensionContext context) {
    close();
  }

  /** Starts etcd and the API server, and returns when it is ready. */
  public ApiServer start() {
    try {
      directory =
          Files.createDirectories(
                  Path.of("target/it", ProcessHandle.current().pid() + "-" + next()))
              .toAbsolutePath();
      int[] ports = FreePorts.find(3);
      port = ports[2];
      startEtcd(ports[0], ports[1]);
      startApiServer(ports[0]);
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Stops everything; the logs stay. */
  @Override
  public void close() {
    if (client != null) {
      client.close();
    }
    processes.reversed().forEach(ChildProcess::close);
    processes.clear();
    if (directory != null) {
      delete(directory.resolve("etcd"));
    }
  }

  /** Returns a client with all rights, as user {@code test-admin}. */
  public KubernetesClient client() {
    if (client == null) {
      throw new IllegalStateException("The API server is not started");
    }
    return client;
  }

  /** Returns the server's address. */
  public String url() {
    return "https://127.0.0.1:" + port;
  }

  /** Returns the certificate with which clients verify {@link #url}. */
  public Path certificate() {
    return credentials().certificate();
  }

  private ServerCredentials credentials() {
    return new ServerCredentials(directory());
  }

  /** Returns the directory with this server's logs, keys and kubeconfigs. */
  public Path directory() {
    if (directory == null) {
      throw new IllegalStateException("The API server is not started");
    }
    return directory;
  }

  /** Returns a kubeconfig with all rights, as user {@code test-admin}. */
  public Path kubeconfig() {
    return credentials().kubeconfigOf(ServerCredentials.ADMIN, "admin", url());
  }

  /**
   * Returns a kubeconfig for an existing ServiceAccount, with only the rights that RBAC gives it.
   * In the audit log it is {@code system:serviceaccount:NAMESPACE:NAME}.
   */
  public Path kubeconfigOf(String namespace, String serviceAccount) {
    return credentials()
        .kubeconfig(namespace + "." + serviceAccount, url(), tokenOf(namespace, serviceAccount));
  }

  /** Returns a ServiceAccount's kubeconfig that reaches the API server through a proxy. */
  public Path kubeconfigOf(String namespace, String serviceAccount, WriteBreaker proxy) {
    return credentials()
        .kubeconfig(
            namespace + "." + serviceAccount + ".proxy",
            proxy.url(),
            tokenOf(namespace, serviceAccount));
  }

  /** Returns the admin's kubeconfig that reaches the API server through a proxy. */
  public Path kubeconfig(WriteBreaker proxy) {
    return credentials().kubeconfigOf(ServerCredentials.ADMIN, "admin.proxy", proxy.url());
  }

  /** Returns the API server's request metrics since it started. */
  public RequestCounts requests() {
    return RequestCounts.parse(client().raw("/metrics"));
  }

  /** Returns the audit log, which shows who requested what. */
  public AuditLog audit() {
    return new AuditLog(this, file("audit.log"));
  }

  /** Applies this repository's CRDs and waits until they are served. */
  public ApiServer installCrds() {
    new Crds(client()).install();
    return this;
  }

  /**
   * Starts the controller-manager with the controllers that flannel's objects need, and waits until
   * it works.
   */
  public ApiServer controllerManager() {
    run(
        Tool.KUBE_CONTROLLER_MANAGER,
        "--kubeconfig="
            + credentials()
                .kubeconfigOf(ServerCredentials.CONTROLLER_MANAGER, "controller-manager", url()),
        "--controllers="
            + String.join(
                ",",
                "daemonset-controller",
                "serviceaccount-controller",
                "root-ca-certificate-publisher-controller",
                "garbage-collector-controller",
                "namespace-controller"),
        // Each controller has only its own rights, as in real clusters.
        "--use-service-account-credentials=true",
        "--allocate-node-cidrs=false",
        "--leader-elect=false",
        "--secure-port=0",
        "--root-ca-file=" + certificate(),
        "--service-account-private-key-file=" + credentials().key());
    await("the default ServiceAccount, which the controller-manager makes")
        .atMost(60, SECONDS)
        .until(
            () ->
                client().serviceAccounts().inNamespace("default").withName("default").get()
                    != null);
    return this;
  }

  /** Starts the scheduler, which binds DaemonSets' pods to their nodes. */
  public ApiServer scheduler() {
    String kubeconfig =
        credentials().kubeconfigOf(ServerCredentials.SCHEDULER, "scheduler", url()).toString();
    run(
        Tool.KUBE_SCHEDULER,
        "--kubeconfig=" + kubeconfig,
        "--authentication-kubeconfig=" + kubeconfig,
        "--authorization-kubeconfig=" + kubeconfig,
        "--leader-elect=false",
        "--secure-port=0");
    return this;
  }

  /** Kills the API server with SIGKILL; etcd keeps what it has stored. */
  public void killServer() {
    server().kill();
    processes.remove(server());
  }

  /** Restarts the API server at the same address. */
  public void startServerAgain() {
    server = run(Tool.KUBE_APISERVER, serverArguments);
    awaitReady();
  }

  /** Runs {@code kubectl} as the admin and returns what it prints on both streams. */
  public String kubectl(String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Tool.KUBECTL.path().toString());
    command.addAll(List.of("--kubeconfig", kubeconfig().toString()));
    command.addAll(List.of("--cache-dir", file("kubectl-cache").toString()));
    command.addAll(Arrays.asList(arguments));
    try {
      Process kubectl = new ProcessBuilder(command).redirectErrorStream(true).start();
      kubectl.getOutputStream().close();
      return new String(kubectl.getInputStream().readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void startEtcd(int clientPort, int peerPort) {
    String peers = "http://127.0.0.1:" + peerPort;
    String clients = "http://127.0.0.1:" + clientPort;
    run(
        Tool.ETCD,
        "--data-dir=" + file("etcd"),
        "--unsafe-no-fsync",
        "--listen-peer-urls=" + peers,
        "--initial-advertise-peer-urls=" + peers,
        "--initial-cluster=default=" + peers,
        "--listen-client-urls=" + clients,
        "--advertise-client-urls=" + clients);
  }

  private void startApiServer(int etcdPort) throws IOException {
    credentials().write();
    Files.writeString(
        file("audit-policy.yaml"),
        """
        apiVersion: audit.k8s.io/v1
        kind: Policy
        omitStages: [RequestReceived, ResponseStarted]
        rules:
        - level: Metadata
        """);
    serverArguments =
        new String[] {
          "--etcd-servers=http://127.0.0.1:" + etcdPort,
          "--bind-address=127.0.0.1",
          "--secure-port=" + port,
          // A documentation address: the server must only be reachable through loopback.
          "--advertise-address=192.0.2.1",
          "--endpoint-reconciler-type=none",
          "--cert-dir=" + credentials().directory(),
          "--token-auth-file=" + credentials().tokens(),
          "--authorization-mode=RBAC",
          "--service-cluster-ip-range=" + SERVICE_RANGE,
          "--service-account-issuer=https://kubernetes.default.svc",
          "--service-account-key-file=" + credentials().key(),
          "--service-account-signing-key-file=" + credentials().key(),
          "--allow-privileged=true",
          "--audit-policy-file=" + file("audit-policy.yaml"),
          "--audit-log-path=" + file("audit.log"),
          "--audit-log-mode=blocking",
          "--audit-log-maxsize=10000"
        };
    server = run(Tool.KUBE_APISERVER, serverArguments);
    await("the API server's certificate")
        .atMost(START_SECONDS, SECONDS)
        .pollInterval(50, TimeUnit.MILLISECONDS)
        .until(
            () -> {
              processes.forEach(ChildProcess::mustBeAlive);
              return Files.exists(certificate()) && Files.exists(credentials().certificateKey());
            });
    client =
        new KubernetesClientBuilder()
            .withConfig(adminConfig())
            // Quarkus' client factory, the default, leaves threads that keep the JVM alive.
            .withHttpClientFactory(new VertxHttpClientFactory())
            .withKubernetesSerialization(lenient())
            .build();
    awaitReady();
  }

  /**
   * Returns a serialization that reads as leniently as the operator's, whatever a test has written.
   */
  private static KubernetesSerialization lenient() {
    ObjectMapper mapper = new ObjectMapper();
    new LenientDecoding().customize(mapper);
    return new KubernetesSerialization(mapper, true);
  }

  private void awaitReady() {
    await("the API server's /readyz")
        .atMost(START_SECONDS, SECONDS)
        .pollInterval(50, TimeUnit.MILLISECONDS)
        .until(
            () -> {
              server().mustBeAlive();
              return isReady();
            });
  }

  private ChildProcess server() {
    if (server == null) {
      throw new IllegalStateException("The API server is not started");
    }
    return server;
  }

  private Config adminConfig() {
    Config config = Config.fromKubeconfig(kubeconfig().toFile());
    config.setUserAgent(ServerCredentials.ADMIN);
    config.setRequestRetryBackoffLimit(0);
    return config;
  }

  private boolean isReady() {
    try {
      return "ok".equals(client().raw("/readyz"))
          && client().namespaces().withName("default").get() != null;
    } catch (KubernetesClientException e) {
      return false;
    }
  }

  private ChildProcess run(Tool tool, String... arguments) {
    List<String> command = new ArrayList<>(List.of(tool.path().toString()));
    command.addAll(Arrays.asList(arguments));
    var process =
        ChildProcess.start(tool.program(), command, Map.of(), file(tool.program() + ".log"));
    processes.add(process);
    return process;
  }

  /** Requests a token for a day: on a busy machine a class may take more than the usual hour. */
  public String tokenOf(String namespace, String serviceAccount) {
    long day = 86_400;
    return client()
        .serviceAccounts()
        .inNamespace(namespace)
        .withName(serviceAccount)
        .tokenRequest(
            new TokenRequestBuilder().withNewSpec().withExpirationSeconds(day).endSpec().build())
        .getStatus()
        .getToken();
  }

  private static int next() {
    return STARTED.incrementAndGet();
  }

  private Path file(String name) {
    return directory().resolve(name);
  }

  private static void delete(Path tree) {
    if (!Files.exists(tree)) {
      return;
    }
    try (var files = Files.walk(tree)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * Creates the node agent's AOT cache. It starts the agent against a stand-in for the API server,
 * which has one FlannelNode whose only peer is the agent itself, lets the agent probe and report,
 * and stops it. The JVM writes the cache when it ends.
 *
 * <p>{@code java AgentTrainingRun.java JAVA CACHE [JVM options and class path]}: JAVA is the {@code
 * java} to train. Training and later runs must agree in java, class path, the jars' times, garbage
 * collector and object headers.
 */
public final class AgentTrainingRun {
  private static final int PATIENCE_SECONDS = 300;
  private static final int PROBING_SECONDS = 5;

  private static final String NODE =
      """
      {"apiVersion": "flannel.io/v1alpha1", "kind": "FlannelNode",
       "metadata": {"name": "training", "uid": "1", "generation": 1, "resourceVersion": "1"},
       "spec": {"network": "default", "backend": "vxlan", "device": "flannel.1", "directRouting": false,
         "vxlan": {"vni": 1, "port": 8472}, "mtu": 1450, "cidr": "10.244.0.0/16", "subnet": "10.244.1.0/24",
         "publicIP": "127.0.0.1", "probe": {"interval": "1s", "failAfter": 2, "port": %d}, "allPeers": true,
         "peers": [{"name": "self", "address": "127.0.0.1", "overlayAddress": "127.0.0.1",
           "subnet": "10.244.2.0/24", "vtepMAC": "12:c6:65:89:b4:e3"}]}}
      """;

  private AgentTrainingRun() {}

  public static void main(String... args) throws Exception {
    if (args.length < 2) {
      System.err.println("usage: AgentTrainingRun JAVA CACHE [JVM options and class path]");
      System.exit(2);
    }
    Path cache = Path.of(args[1]).toAbsolutePath();
    Path work = Files.createTempDirectory("training");
    int port;
    try (var free = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    var reported = new CountDownLatch(1);
    Path keys = Files.createDirectory(work.resolve("probe-key"));
    Files.write(keys.resolve("current"), new byte[32]);
    HttpsServer server = serve(work, NODE.formatted(port).replace("\n", ""), reported);

    var command = new ArrayList<>(List.of(args[0], "-XX:AOTCacheOutput=" + cache));
    command.addAll(List.of(args).subList(2, args.length));
    command.add("io.flannel.operator.agent.Agent");
    Path log = work.resolve("agent.log");
    var builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().put("NODE_NAME", "training");
    builder.environment().put("BIND_ADDRESS", "127.0.0.1");
    builder.environment().put("KUBERNETES_SERVICE_HOST", "127.0.0.1");
    builder.environment().put("KUBERNETES_SERVICE_PORT", "" + server.getAddress().getPort());
    builder.environment().put("SERVICE_ACCOUNT_DIR", work.toString());
    builder.environment().put("PROBE_KEY_DIR", keys.toString());
    Process agent = builder.start();
    Runtime.getRuntime().addShutdownHook(new Thread(agent::destroyForcibly));

    if (!reported.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      fail("the agent did not report that it reaches its peer", log);
    }
    TimeUnit.SECONDS.sleep(PROBING_SECONDS);
    agent.destroy();
    if (!agent.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || !Files.exists(cache)) {
      fail("the JVM wrote no cache", log);
    }
    System.out.printf("trained: cache of %d MB in %s%n", Files.size(cache) >> 20, cache);
    System.exit(0);
  }

  private static void fail(String what, Path log) throws IOException {
    Files.readAllLines(log).forEach(System.err::println);
    System.err.println(
        "AgentTrainingRun: " + what + " within " + PATIENCE_SECONDS + " s; its log is above.");
    System.exit(1);
  }

  private static HttpsServer serve(Path work, String node, CountDownLatch reported) throws Exception {
    Path keys = work.resolve("keys.p12");
    String[] store = {"-alias", "api", "-storepass", "training", "-keystore", keys.toString()};
    keytool(store, "-genkeypair", "-keyalg", "EC", "-dname", "CN=training", "-ext", "SAN=ip:127.0.0.1");
    keytool(store, "-exportcert", "-rfc", "-file", work.resolve("ca.crt").toString());
    Files.writeString(work.resolve("token"), "training");
    var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    char[] password = "training".toCharArray();
    managers.init(KeyStore.getInstance(keys.toFile(), password), password);
    var tls = SSLContext.getInstance("TLS");
    tls.init(managers.getKeyManagers(), null, null);
    HttpsServer server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(tls));
    server.setExecutor(Executors.newThreadPerTaskExecutor(Thread.ofPlatform().daemon().factory()));
    server.createContext("/", exchange -> answer(exchange, node, reported));
    server.start();
    return server;
  }

  private static void answer(HttpExchange exchange, String node, CountDownLatch reported) throws IOException {
    String query = exchange.getRequestURI().getRawQuery();
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    if (query != null && query.contains("watch=true")) {
      exchange.sendResponseHeaders(200, 0);
      exchange
          .getResponseBody()
          .write(("{\"type\": \"MODIFIED\", \"object\": " + node + "}\n").getBytes(StandardCharsets.UTF_8));
      exchange.getResponseBody().flush();
      return; // It stays open until the agent disconnects.
    }
    byte[] answer = node.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(200, answer.length);
    exchange.getResponseBody().write(answer);
    exchange.close();
    if (body.contains("\"underlay\":true")) {
      reported.countDown();
    }
  }

  private static void keytool(String[] store, String... words) throws Exception {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of(words));
    command.addAll(List.of(store));
    Process made = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(made.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (made.waitFor() != 0) {
      throw new IOException("keytool: " + said);
    }
  }
}

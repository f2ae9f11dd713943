import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.URLDecoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * Makes the AOT cache of the operator (JEP 483, 514, 515): starts it against a stand-in for the API
 * server, waits until it is ready and has reconciled, and stops it, whereupon the JVM writes the cache.
 * A cache from a start without any API server trains but half of what a start does: 2.9 s of CPU to
 * Ready against 1.9 s, and 3.7 s without a cache.
 *
 * <p>The stand-in knows nothing about kinds: it keeps what is written, and lists and watches it by path.
 *
 * <p>{@code java -cp 'DIR/lib/main/*' TrainingRun.java JAVA DIR CACHE [JVM options]}: JAVA is the {@code
 * java} to train, DIR the Quarkus application in the place where it will run, CACHE the file to write.
 * Cache and run must agree in java, jars, their paths and times, garbage collector and object headers.
 */
public final class TrainingRun {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  /** Written before the operator starts, so that it has nodes to read and a network to make. */
  private static final Map<String, String> SEED =
      Map.of(
          "/api/v1/nodes/node1",
          """
          {"apiVersion":"v1","kind":"Node","metadata":{"name":"node1","labels":{"kubernetes.io/os":"linux"}},
           "spec":{"podCIDR":"10.244.1.0/24","podCIDRs":["10.244.1.0/24"]},
           "status":{"conditions":[{"type":"Ready","status":"True"}],
             "addresses":[{"type":"InternalIP","address":"192.168.0.81"}]}}
          """,
          "/api/v1/nodes/node2",
          """
          {"apiVersion":"v1","kind":"Node","metadata":{"name":"node2","labels":{"kubernetes.io/os":"linux"},"annotations":{
             "flannel.alpha.coreos.com/backend-type":"vxlan",
             "flannel.alpha.coreos.com/backend-data":"{\\"VNI\\":1,\\"VtepMAC\\":\\"12:c6:65:89:b4:e3\\"}",
             "flannel.alpha.coreos.com/public-ip":"192.168.0.82",
             "flannel.alpha.coreos.com/kube-subnet-manager":"true"}},
           "spec":{"podCIDR":"10.244.2.0/24","podCIDRs":["10.244.2.0/24"]},
           "status":{"conditions":[{"type":"Ready","status":"True"}],
             "addresses":[{"type":"InternalIP","address":"192.168.0.82"}]}}
          """,
          "/apis/networking.k8s.io/v1/servicecidrs/kubernetes",
          """
          {"apiVersion":"networking.k8s.io/v1","kind":"ServiceCIDR","metadata":{"name":"kubernetes"},
           "spec":{"cidrs":["10.96.0.0/16"]}}
          """,
          "/apis/flannel.io/v1alpha1/flannelnetworks/default",
          """
          {"apiVersion":"flannel.io/v1alpha1","kind":"FlannelNetwork","metadata":{"name":"default",
             "annotations":{"flannel.io/confirm-no-other-flannel":"true"}},
           "spec":{"cidr":"10.244.0.0/16","backend":{"type":"vxlan"}}}
          """);

  /** The answer to leader election, which asks whether it may write its Lease. */
  private static final String MAY_DO_ANYTHING =
      """
      {"resourceRules":[{"verbs":["*"],"apiGroups":["*"],"resources":["*"]}],"nonResourceRules":[]}
      """;

  private final NavigableMap<String, ObjectNode> objects = new TreeMap<>();
  private final Map<OutputStream, String> watches = new ConcurrentHashMap<>();
  private int version = 100;

  public static void main(String... args) throws Exception {
    if (args.length < 3) {
      System.err.println("usage: TrainingRun JAVA APPLICATION_DIR CACHE [JVM options]");
      System.exit(2);
    }
    Path app = Path.of(args[1]).toAbsolutePath();
    Path cache = Path.of(args[2]).toAbsolutePath();
    Path work = Files.createTempDirectory("training");
    var stub = new TrainingRun();
    for (var seed : SEED.entrySet()) {
      stub.write(seed.getKey(), (ObjectNode) JSON.readTree(seed.getValue()));
    }
    ServerSocket server = listen(work);
    Thread.ofVirtual().start(() -> stub.serve(server));
    int port;
    try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }

    var command = new ArrayList<>(List.of(args[0], "-XX:AOTCacheOutput=" + cache));
    command.addAll(List.of(args).subList(3, args.length));
    command.addAll(List.of("-jar", app.resolve("quarkus-run.jar").toString()));
    Path log = work.resolve("operator.log");
    var builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().putAll(environment(server.getLocalPort(), port, work));
    Process operator = builder.start();
    Runtime.getRuntime().addShutdownHook(new Thread(operator::destroyForcibly));

    String ready = "http://127.0.0.1:" + port + "/q/health/ready";
    Instant end = Instant.now().plus(PATIENCE);
    while (get(ready) != 200) {
      if (!operator.isAlive() || Instant.now().isAfter(end)) {
        fail(operator.isAlive() ? "the operator did not get ready within " + PATIENCE : "the operator ended early", log);
      }
      Thread.sleep(50);
    }
    get("http://127.0.0.1:" + port + "/q/health/live");
    get("http://127.0.0.1:" + port + "/q/metrics");
    stub.awaitQuiet(end); // its first reconciliation, and what follows from its own writes
    look("http://127.0.0.1:" + port);
    operator.destroy();
    if (!operator.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS) || !Files.exists(cache)) {
      fail("the JVM wrote no cache within " + PATIENCE, log);
    }
    System.out.printf(
        "trained: %d objects at the end, cache of %d MB in %s%n",
        stub.objects.size(), Files.size(cache) >> 20, cache);
    System.exit(0);
  }

  /** As the page does when somebody opens it. */
  private static void look(String server) throws IOException, InterruptedException {
    get(server + "/");
    String network = server + "/api/networks/default";
    for (String path : List.of(server + "/api/networks", network, network + "/path?from=node1&to=node2")) {
      int status = get(path);
      if (status != 200) {
        System.err.printf("TrainingRun: the operator answers %s with %d%n", path, status);
        System.exit(1);
      }
    }
    try (var client = HttpClient.newHttpClient()) {
      var request = HttpRequest.newBuilder(URI.create(network + "/events")).build();
      try (InputStream events = client.send(request, HttpResponse.BodyHandlers.ofInputStream()).body()) {
        line(events);
      }
      client.shutdownNow();
    }
  }

  /** Returns when the network has a status and nothing has been written for a second. */
  private void awaitQuiet(Instant end) throws InterruptedException {
    for (int before = -1; before != version() || !reconciled(); ) {
      if (Instant.now().isAfter(end)) {
        System.err.println("TrainingRun: the operator gave the FlannelNetwork no status within " + PATIENCE);
        System.exit(1);
      }
      before = version();
      Thread.sleep(1000);
    }
  }

  private synchronized int version() {
    return version;
  }

  private synchronized boolean reconciled() {
    return objects.get("/apis/flannel.io/v1alpha1/flannelnetworks/default").has("status");
  }

  private static void fail(String what, Path log) throws IOException {
    List<String> lines = Files.readAllLines(log);
    lines.subList(Math.max(0, lines.size() - 40), lines.size()).forEach(System.err::println);
    System.err.println("TrainingRun: " + what + "; the end of its log is above.");
    System.exit(1);
  }

  private static Map<String, String> environment(int api, int http, Path work) {
    return Map.ofEntries(
        Map.entry("KUBECONFIG", work.resolve("none").toString()),
        Map.entry("KUBERNETES_MASTER", "https://127.0.0.1:" + api),
        Map.entry("KUBERNETES_SERVICE_HOST", "127.0.0.1"),
        Map.entry("KUBERNETES_SERVICE_PORT", Integer.toString(api)),
        Map.entry("KUBERNETES_TRUST_CERTIFICATES", "true"),
        Map.entry("KUBERNETES_DISABLE_HOSTNAME_VERIFICATION", "true"),
        Map.entry("KUBERNETES_AUTH_TRYSERVICEACCOUNT", "false"),
        Map.entry("KUBERNETES_AUTH_TOKEN", "training"),
        Map.entry("KUBERNETES_NAMESPACE", "training"),
        Map.entry("POD_NAMESPACE", "training"),
        Map.entry("POD_NAME", "training"),
        Map.entry("NODE_NAME", "node1"),
        Map.entry("QUARKUS_HTTP_HOST", "127.0.0.1"),
        Map.entry("QUARKUS_HTTP_PORT", Integer.toString(http)));
  }

  private static int get(String url) throws InterruptedException {
    try (var client = HttpClient.newHttpClient()) {
      var request = HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(5)).build();
      return client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
    } catch (IOException notYet) {
      return 0;
    }
  }

  private static ServerSocket listen(Path work) throws Exception {
    String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    Path keys = work.resolve("keys.p12");
    var made =
        new ProcessBuilder(
                keytool, "-genkeypair", "-alias", "api", "-keyalg", "EC", "-dname", "CN=training",
                "-ext", "SAN=ip:127.0.0.1", "-validity", "2", "-storepass", "training",
                "-keystore", keys.toString())
            .redirectErrorStream(true)
            .redirectOutput(work.resolve("keytool.log").toFile())
            .start();
    if (made.waitFor() != 0) {
      fail("keytool made no certificate", work.resolve("keytool.log"));
    }
    var store = KeyStore.getInstance(keys.toFile(), "training".toCharArray());
    var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(store, "training".toCharArray());
    var tls = SSLContext.getInstance("TLS");
    tls.init(managers.getKeyManagers(), null, null);
    return tls.getServerSocketFactory().createServerSocket(0, 50, InetAddress.getLoopbackAddress());
  }

  private void serve(ServerSocket server) {
    while (true) {
      try {
        Socket socket = server.accept();
        Thread.ofPlatform().daemon().start(() -> converse(socket));
      } catch (IOException e) {
        System.err.println("TrainingRun: " + e);
      }
    }
  }

  private void converse(Socket socket) {
    try (socket) {
      var in = new BufferedInputStream(socket.getInputStream());
      while (answer(in, socket.getOutputStream())) {}
    } catch (IOException | RuntimeException closed) {
      // The operator has gone, or spoke what this does not; its own log says what came of it.
    }
  }

  private boolean answer(InputStream in, OutputStream out) throws IOException {
    String[] request = line(in).split(" ");
    if (request.length < 2) {
      return false;
    }
    var headers = new HashMap<String, String>();
    for (String h = line(in); !h.isEmpty(); h = line(in)) {
      String[] pair = h.split(": *", 2);
      headers.put(pair[0].toLowerCase(Locale.ROOT), pair[1]);
    }
    byte[] body = body(in, headers);
    URI uri = URI.create(request[1]);
    String query = uri.getRawQuery() == null ? "" : uri.getRawQuery();
    String path = uri.getPath();

    if (headers.containsKey("upgrade") && query.contains("watch=true")) {
      String accept = accept(headers.get("sec-websocket-key"));
      String head =
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              + "Sec-WebSocket-Accept: "
              + accept
              + "\r\n\r\n";
      out.write(head.getBytes(StandardCharsets.US_ASCII));
      out.flush();
      watches.put(out, path + "?" + query);
      while (in.read() >= 0) {} // until the operator closes it
      watches.remove(out);
      return false;
    }
    switch (request[0]) {
      case "GET" -> {
        ObjectNode found = find(path, query);
        respond(out, found == null ? 404 : 200, found == null ? notFound() : found);
      }
      case "POST" -> {
        ObjectNode object = (ObjectNode) JSON.readTree(body);
        String name = object.path("metadata").path("name").asText("event" + version);
        if (path.endsWith("/selfsubjectrulesreviews")) {
          object.set("status", JSON.readTree(MAY_DO_ANYTHING));
        }
        respond(out, 201, write(path + "/" + name, object));
      }
      case "PUT", "PATCH" -> {
        ObjectNode object = (ObjectNode) JSON.readTree(body);
        if (query.contains("fieldManager=flannel-operator&") || query.endsWith("fieldManager=flannel-operator")) {
          // What the operator applied is its own. Of which fields is not told: it applies again, which changes nothing.
          object
              .withObject("/metadata")
              .putArray("managedFields")
              .addObject()
              .put("manager", "flannel-operator")
              .put("operation", "Apply");
        }
        respond(out, 200, write(path, object));
      }
      case "DELETE" -> respond(out, 200, JSON.createObjectNode().put("kind", "Status"));
      default -> respond(out, 405, notFound());
    }
    return true;
  }

  /** An object, or the list of a collection; null when there is no such object. */
  private synchronized ObjectNode find(String path, String query) {
    if (path.equals("/version")) {
      return JSON.createObjectNode().put("major", "1").put("minor", "35").put("gitVersion", "v1.35.0");
    }
    if (path.matches("/apis/[^/]+/[^/]+")) {
      return resources(path);
    }
    String last = path.substring(path.lastIndexOf('/') + 1);
    // Objects are one deeper than collections: /api/v1/nodes, /apis/GROUP/VERSION/namespaces/NS/PLURAL.
    int depth = path.split("/").length - (path.startsWith("/apis/") ? 4 : 3);
    if (depth % 2 == 0 || query.contains("watch=true")) {
      return objects.get(path);
    }
    var list = JSON.createObjectNode().put("apiVersion", "v1").put("kind", "List");
    list.putObject("metadata").put("resourceVersion", Integer.toString(version));
    var items = list.putArray("items");
    objects.forEach((at, object) -> {
      if (at.contains("/" + last + "/") && selected(object, query)) {
        items.add(object);
      }
    });
    return list;
  }

  /** The kinds of an API group's version, as far as there are objects of them. */
  private ObjectNode resources(String path) {
    var list = JSON.createObjectNode().put("apiVersion", "v1").put("kind", "APIResourceList");
    list.put("groupVersion", path.substring("/apis/".length()));
    var resources = list.putArray("resources");
    objects.forEach((at, object) -> {
      if (at.startsWith(path + "/")) {
        String plural = at.substring(path.length() + 1).replaceFirst("/.*", "");
        resources.addObject().put("name", plural).put("kind", object.path("kind").asText());
      }
    });
    return list;
  }

  /** Keeps it, as the API server would hand it back, and tells those that watch. */
  private synchronized ObjectNode write(String path, ObjectNode given) throws IOException {
    boolean status = path.endsWith("/status");
    String at = status ? path.substring(0, path.length() - "/status".length()) : path;
    ObjectNode old = objects.get(at);
    ObjectNode now = old == null ? given : old.deepCopy();
    if (old != null) {
      given.properties().forEach(f -> {
        if (f.getKey().equals("metadata")) {
          ((ObjectNode) now.withObject("/metadata")).setAll((ObjectNode) f.getValue());
        } else if (!f.getKey().equals("status") || status) {
          now.set(f.getKey(), f.getValue());
        }
      });
    }
    if (now.equals(old)) {
      return now;
    }
    var metadata = now.withObject("/metadata");
    metadata.put("resourceVersion", Integer.toString(++version)).put("generation", 1);
    if (!metadata.has("uid")) {
      metadata.put("uid", "00000000-0000-4000-8000-" + String.format("%012d", version));
      metadata.put("creationTimestamp", "2026-01-01T00:00:00Z");
    }
    objects.put(at, now);
    var event = JSON.createObjectNode().put("type", old == null ? "ADDED" : "MODIFIED");
    event.set("object", now);
    for (var watch : watches.entrySet()) {
      String collection = watch.getValue().substring(0, watch.getValue().indexOf('?'));
      String plural = collection.substring(collection.lastIndexOf('/') + 1);
      if (at.contains("/" + plural + "/") && selected(now, watch.getValue())) {
        frame(watch.getKey(), JSON.writeValueAsBytes(event));
      }
    }
    return now;
  }

  /** By label selectors of the form key=value; others select everything. */
  private static boolean selected(ObjectNode object, String query) {
    for (String parameter : query.split("[?&]")) {
      if (parameter.startsWith("labelSelector=")) {
        String all = URLDecoder.decode(parameter, StandardCharsets.UTF_8).substring(14);
        for (String one : all.split(",")) {
          String[] pair = one.split("==?", 2);
          String has = object.path("metadata").path("labels").path(pair[0]).asText();
          if (pair.length == 2 && !has.equals(pair[1])) {
            return false;
          }
        }
      }
    }
    return true;
  }

  private static ObjectNode notFound() {
    return JSON.createObjectNode().put("kind", "Status").put("apiVersion", "v1")
        .put("status", "Failure").put("reason", "NotFound").put("code", 404);
  }

  private static void respond(OutputStream out, int code, ObjectNode object) throws IOException {
    byte[] body = JSON.writeValueAsBytes(object);
    String head =
        "HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            .formatted(code, body.length);
    out.write(head.getBytes(StandardCharsets.US_ASCII));
    out.write(body);
    out.flush();
  }

  /** A WebSocket text frame. */
  private static void frame(OutputStream out, byte[] text) throws IOException {
    var frame = new ByteArrayOutputStream();
    frame.write(0x81);
    if (text.length < 126) {
      frame.write(text.length);
    } else {
      frame.writeBytes(new byte[] {126, (byte) (text.length >> 8), (byte) text.length});
    }
    frame.write(text);
    out.write(frame.toByteArray());
    out.flush();
  }

  private static String accept(String key) {
    try {
      var sha1 = MessageDigest.getInstance("SHA-1");
      String all = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
      return Base64.getEncoder()
          .encodeToString(sha1.digest(all.getBytes(StandardCharsets.US_ASCII)));
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] body(InputStream in, Map<String, String> headers) throws IOException {
    if (!"chunked".equals(headers.get("transfer-encoding"))) {
      return in.readNBytes(Integer.parseInt(headers.getOrDefault("content-length", "0")));
    }
    var all = new ByteArrayOutputStream();
    for (int n = Integer.parseInt(line(in), 16); n > 0; n = Integer.parseInt(line(in), 16)) {
      all.write(in.readNBytes(n));
      line(in);
    }
    line(in);
    return all.toByteArray();
  }

  private static String line(InputStream in) throws IOException {
    var line = new StringBuilder();
    for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }
}

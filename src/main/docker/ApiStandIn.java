import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Stands in for the API server, for {@link TrainingRun}. It knows nothing about kinds: it stores
 * what is written, and lists and watches it by path.
 */
final class ApiStandIn {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** The answer to leader election, which asks whether it may write its Lease. */
  private static final String MAY_DO_ANYTHING =
      """
      {"resourceRules":[{"verbs":["*"],"apiGroups":["*"],"resources":["*"]}],"nonResourceRules":[]}
      """;

  private final NavigableMap<String, ObjectNode> objects = new TreeMap<>();
  private final Map<OutputStream, String> watches = new ConcurrentHashMap<>();
  private int version = 100;

  /** Changes with each write. */
  synchronized int version() {
    return version;
  }

  synchronized boolean has(String path, String field) {
    return objects.get(path).has(field);
  }

  synchronized int size() {
    return objects.size();
  }

  /** Accepts connections for ever. */
  void serve(ServerSocket server) {
    while (true) {
      try {
        Socket socket = server.accept();
        Thread.ofPlatform().daemon().start(() -> converse(socket));
      } catch (IOException e) {
        System.err.println("ApiStandIn: " + e);
      }
    }
  }

  private void converse(Socket socket) {
    try (socket) {
      var in = new BufferedInputStream(socket.getInputStream());
      while (answer(in, socket.getOutputStream())) {}
    } catch (IOException | RuntimeException closed) {
      // The operator disconnected or sent something unsupported; its own log shows the
      // consequences.
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
          // Marks applied objects as the operator's, without the fields it owns. It therefore
          // applies them again, which changes nothing.
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

  /** Returns an object, or the list of a collection; null if there is no such object. */
  private synchronized ObjectNode find(String path, String query) {
    if (path.equals("/version")) {
      return JSON.createObjectNode().put("major", "1").put("minor", "35").put("gitVersion", "v1.35.0");
    }
    if (path.matches("/apis/[^/]+/[^/]+")) {
      return resources(path);
    }
    String last = path.substring(path.lastIndexOf('/') + 1);
    // Objects are one deeper than collections: /api/v1/nodes,
    // /apis/GROUP/VERSION/namespaces/NS/PLURAL.
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

  /** Returns the kinds in an API group's version, as far as there are objects of them. */
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

  /** Adds an object that exists from the start. */
  void write(String path, String json) throws IOException {
    write(path, (ObjectNode) JSON.readTree(json));
  }

  /** Stores an object in the form that the API server would return, and notifies watches. */
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

  /** Supports label selectors of the form key=value; any other selects everything. */
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

  static String line(InputStream in) throws IOException {
    var line = new StringBuilder();
    for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }
}

package io.flannel.operator.testing.apiserver;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * An API server's audit log, which shows who requested what.
 *
 * <pre>{@code
 * var mark = api.audit().mark();
 * …
 * assertThat(api.audit().since(mark)).filteredOn(r -> r.isWriteBy(OPERATOR)).isEmpty();
 * }</pre>
 */
public final class AuditLog {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Set<String> WRITES =
      Set.of("create", "update", "patch", "delete", "deletecollection");

  private final ApiServer server;
  private final Path file;

  AuditLog(ApiServer server, Path file) {
    this.server = server;
    this.file = file;
  }

  /** A position in the log, after every request that was answered before the mark was created. */
  public record Mark(long position) {}

  /**
   * One answered request.
   *
   * @param resource plural and lower case, with {@code /status} or another subresource
   * @param name of the object; empty for lists, and for objects whose name the server generates
   * @param refused whether RBAC refused it; other refusals, such as by an admission policy, do not
   *     count
   * @param received when it arrived, by the API server's clock
   * @param answered when its answer was sent
   */
  public record Request(
      String user,
      String userAgent,
      String verb,
      String group,
      String resource,
      String namespace,
      String name,
      int code,
      boolean refused,
      String uri,
      Instant received,
      Instant answered) {
    /** Whether it may have changed an object: not if it was refused or a dry run. */
    public boolean isWrite() {
      return WRITES.contains(verb) && code >= 200 && code < 300 && !uri.contains("dryRun=");
    }

    /**
     * Whether this user may have changed an object with it. Leases of leader election do not count,
     * nor do reviews, which are create requests that change nothing.
     */
    public boolean isWriteBy(String who) {
      return user.equals(who)
          && isWrite()
          && !group.equals("coordination.k8s.io")
          && !group.equals("authorization.k8s.io");
    }

    @Override
    public String toString() {
      String object = namespace.isEmpty() ? name : namespace + "/" + name;
      return "%s %s %s → %d (%s, %s; %s)"
          .formatted(verb, resource, object, code, user, userAgent, uri);
    }
  }

  /**
   * Reads a user's requests from any API server's log, in its order. A watch may appear twice, when
   * it started and when it ended. A truncated line, as a killed server leaves it, is skipped. The
   * caller has to close the stream.
   */
  public static Stream<Request> of(String user, Path file) {
    try {
      return Files.lines(file)
          .filter(line -> line.contains(user)) // Parsing JSON is slow, and logs are long.
          .filter(AuditLog::isWhole)
          .flatMap(AuditLog::request)
          .filter(request -> request.user().equals(user));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the current end of the log. */
  public Mark mark() {
    String name = "mark-" + UUID.randomUUID();
    long start = file.toFile().length();
    long[] end = {0};
    server.client().configMaps().inNamespace("default").withName(name).get();
    await("the audit log's entry for this class's own request")
        .atMost(30, SECONDS)
        .pollInterval(10, TimeUnit.MILLISECONDS)
        .until(
            () -> {
              String log = read(start);
              int at = log.lastIndexOf(name);
              int newline = at < 0 ? -1 : log.indexOf('\n', at);
              end[0] =
                  newline < 0 ? 0 : start + log.substring(0, newline + 1).getBytes(UTF_8).length;
              return newline >= 0;
            });
    return new Mark(end[0]);
  }

  /** Returns the requests answered since then, in the log's order, without this class' own. */
  public List<Request> since(Mark mark) {
    long end = mark().position();
    String log = read(mark.position());
    String part = new String(log.getBytes(UTF_8), 0, (int) (end - mark.position()), UTF_8);
    return part.lines()
        .flatMap(AuditLog::request)
        .filter(request -> !request.name().startsWith("mark-"))
        .toList();
  }

  private static final java.nio.charset.Charset UTF_8 = StandardCharsets.UTF_8;

  private static boolean isWhole(String line) {
    try {
      JSON.readTree(line);
      return true;
    } catch (JsonProcessingException cutOff) {
      return false;
    }
  }

  private static Stream<Request> request(String line) {
    try {
      JsonNode event = JSON.readTree(line);
      JsonNode object = event.path("objectRef");
      String subresource = object.path("subresource").asText();
      String resource = object.path("resource").asText();
      return Stream.of(
          new Request(
              event.path("user").path("username").asText(),
              event.path("userAgent").asText(),
              event.path("verb").asText(),
              object.path("apiGroup").asText(),
              subresource.isEmpty() ? resource : resource + "/" + subresource,
              object.path("namespace").asText(),
              object.path("name").asText(),
              event.path("responseStatus").path("code").asInt(),
              event
                  .path("annotations")
                  .path("authorization.k8s.io/decision")
                  .asText()
                  .equals("forbid"),
              event.path("requestURI").asText(),
              Instant.parse(event.path("requestReceivedTimestamp").asText()),
              Instant.parse(event.path("stageTimestamp").asText())));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String read(long from) {
    try (var log = new RandomAccessFile(file.toFile(), "r")) {
      byte[] bytes = new byte[(int) (log.length() - from)];
      log.seek(from);
      log.readFully(bytes);
      return new String(bytes, UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

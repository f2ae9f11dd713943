package io.flannel.operator.agent;

import com.fasterxml.jackson.core.JsonParser;
import io.flannel.operator.agent.ApiClient.ApiException;
import io.flannel.operator.agent.json.Json;
import io.flannel.operator.agent.json.RecordJson;
import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.api.FlannelNodeStatus;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The agent's own FlannelNode at the API server: watches its spec and writes its status. The agent
 * accesses no other object.
 */
final class OwnFlannelNode {
  private static final String API_VERSION = "flannel.io/v1alpha1";
  private static final String NODES = "/apis/" + API_VERSION + "/flannelnodes";
  private static final int LEAST_WATCH_SECONDS = 240;
  private static final int MOST_WATCH_SECONDS = 360;
  private static final String BACK = "the API server answers again";
  private static final Duration GRACE = Duration.ofSeconds(30);

  /**
   * What the operator wants of this node.
   *
   * @param generation the metadata.generation of the spec
   * @param settings which peers to probe; empty if nothing is to be probed or reported
   */
  record Wanted(long generation, FlannelNodeSpec spec, Optional<ProbeSettings> settings) {}

  /** The API server no longer has the watched version: the object must be read again. */
  private static final class GoneException extends IOException {
    GoneException(String message) {
      super(message);
    }
  }

  private final String name;
  private final ApiClient api;
  private final RandomGenerator random;
  private final Runnable onChange;
  private final FailureLog unreachable = new FailureLog(OwnFlannelNode.class, 5);
  private final FailureLog nonsense = new FailureLog(OwnFlannelNode.class);
  private final FailureLog missing = new FailureLog(OwnFlannelNode.class);

  private volatile Optional<Wanted> wanted = Optional.empty();

  /** UID and generation of the last spec that was taken. */
  private String taken = "";

  /** Where to resume the watch; null to begin with a read. */
  private @Nullable String resourceVersion;

  private volatile @Nullable InputStream watching;
  private volatile long watchOverdue;

  /**
   * @param name the Node's name
   * @param onChange called when {@link #wanted} changes
   */
  OwnFlannelNode(String name, ApiClient api, RandomGenerator random, Runnable onChange) {
    this.name = name;
    this.api = api;
    this.random = random;
    this.onChange = onChange;
  }

  /** Returns what is wanted; empty if no FlannelNode is known to exist. Thread-safe. */
  Optional<Wanted> wanted() {
    return wanted;
  }

  /** Follows the spec until the thread is interrupted. */
  void follow() throws InterruptedException {
    Backoff backoff = new Backoff(random);
    while (!Thread.currentThread().isInterrupted()) {
      try {
        if (resourceVersion == null) {
          read();
        }
        watch(backoff);
      } catch (GoneException e) {
        resourceVersion = null;
      } catch (IOException e) {
        failed(e);
      }
      Thread.sleep(backoff.next());
    }
  }

  /**
   * Replaces the whole status. Server-side apply would keep fields that another manager has set.
   *
   * @throws ApiException if the API server refuses it
   * @throws IOException if the API server does not answer
   */
  void report(FlannelNodeStatus status) throws IOException, InterruptedException {
    byte[] json =
        RecordJson.write(List.of(Map.of("op", "add", "path", "/status", "value", status)));
    try {
      api.patch(
          "%s/%s/status?fieldManager=flannel-node-agent".formatted(NODES, encoded(name)), json);
      unreachable.over(BACK);
    } catch (IOException e) {
      if (!(e instanceof ApiException answer) || answer.isOutage()) {
        failed(e);
      }
      throw e;
    }
  }

  /**
   * Ends a watch that the API server should have ended already: nothing else detects a connection
   * that died silently. Call this regularly, from any thread.
   */
  void endOverdueWatch() {
    InputStream stream = watching;
    if (stream != null && System.nanoTime() - watchOverdue > 0) {
      watching = null;
      try {
        stream.close();
      } catch (IOException e) {
        // The reading thread gets an exception, too.
      }
    }
  }

  private void failed(IOException e) {
    unreachable.begins(
        e instanceof ApiException refused ? "HTTP " + refused.status() : "no answer",
        "the API server cannot be asked for FlannelNode %s: %s. Probing goes on as before"
            .formatted(name, e.getMessage()));
  }

  private void read() throws IOException, InterruptedException {
    try {
      take(Json.read(api.get(NODES + "/" + encoded(name))));
    } catch (ApiException e) {
      if (e.status() != 404) {
        throw e;
      }
      gone();
    }
    unreachable.over(BACK);
  }

  private void watch(Backoff backoff) throws IOException, InterruptedException {
    int seconds = random.nextInt(LEAST_WATCH_SECONDS, MOST_WATCH_SECONDS + 1);
    StringBuilder path = new StringBuilder(NODES);
    path.append("?watch=true&allowWatchBookmarks=true&timeoutSeconds=").append(seconds);
    path.append("&fieldSelector=").append(encoded("metadata.name=" + name));
    if (resourceVersion != null) {
      path.append("&resourceVersion=").append(encoded(resourceVersion));
    }
    watchOverdue = System.nanoTime() + Duration.ofSeconds(seconds).plus(GRACE).toNanos();
    try (InputStream stream = open(path.toString());
        JsonParser events = Json.parser(stream)) {
      watching = stream;
      unreachable.over(BACK);
      backoff.reset();
      follow(events);
    } finally {
      watching = null;
    }
  }

  /**
   * Reads events until the stream ends for any reason: a proxy that cuts it now and then is no
   * outage.
   */
  private void follow(JsonParser events) throws GoneException {
    while (true) {
      Optional<Json> event;
      try {
        event = Json.next(events);
      } catch (IOException e) {
        return;
      }
      if (event.isEmpty()) {
        return;
      }
      event(event.get());
    }
  }

  private InputStream open(String path) throws IOException, InterruptedException {
    try {
      return api.stream(path);
    } catch (ApiException e) {
      throw e.status() == 410 ? new GoneException(String.valueOf(e.getMessage())) : e;
    }
  }

  private void event(Json event) throws GoneException {
    Json object = event.path("object");
    String type = event.path("type").asText();
    if (type.equals("ERROR")) {
      // Usually 410 Gone. Whatever the error, the watch cannot resume from here.
      throw new GoneException(object.path("message").asText());
    }
    String version = object.path("metadata").path("resourceVersion").asText();
    if (!version.isEmpty()) {
      resourceVersion = version;
    }
    switch (type) {
      case "ADDED", "MODIFIED" -> take(object);
      case "DELETED" -> gone();
      default -> {
        // BOOKMARK carries only the resourceVersion.
      }
    }
  }

  private void gone() {
    taken = "";
    missing.begins(
        "missing",
        "there is no FlannelNode %s: nothing is probed until the operator makes one"
            .formatted(name));
    wanted = Optional.empty();
    onChange.run();
  }

  private void take(Json object) {
    Json metadata = object.path("metadata");
    long generation = metadata.path("generation").asLong();
    String now = metadata.path("uid").asText() + "/" + generation;
    missing.over("FlannelNode %s is there".formatted(name));
    if (now.equals(taken)) {
      return;
    }
    taken = now;
    try {
      // Unknown fields of a newer operator are not an error.
      FlannelNodeSpec spec = RecordJson.read(FlannelNodeSpec.class, object.path("spec"), "spec");
      wanted = Optional.of(new Wanted(generation, spec, ProbeSettings.of(spec)));
      nonsense.over("the spec of FlannelNode %s can be used again".formatted(name));
      onChange.run();
    } catch (RuntimeException e) {
      String why = e.getMessage();
      nonsense.begins(
          String.valueOf(why),
          "the spec of FlannelNode %s cannot be used, so the one before stays: %s. Look whether"
                  .formatted(name, why)
              + " operator and agent are of the same version");
    }
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}

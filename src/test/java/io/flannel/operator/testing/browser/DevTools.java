package io.flannel.operator.testing.browser;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A connection to a browser using the Chrome DevTools Protocol: commands with an id, answered by a
 * message with the same id, and events. Each page is a session within the one connection.
 */
final class DevTools implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long ANSWER_SECONDS = 60;

  /** A message that the browser sends unasked. */
  record Event(String session, String method, JsonNode params) {}

  private final HttpClient http = HttpClient.newHttpClient();
  private final WebSocket socket;
  private final AtomicInteger ids = new AtomicInteger();
  private final Map<Integer, CompletableFuture<JsonNode>> waiting = new ConcurrentHashMap<>();
  private final List<Consumer<Event>> listeners = new CopyOnWriteArrayList<>();

  DevTools(URI address) {
    socket = http.newWebSocketBuilder().buildAsync(address, new Messages()).join();
  }

  /**
   * Registers a listener for every event of every page. It must be fast, since all messages wait.
   */
  void listen(Consumer<Event> listener) {
    listeners.add(listener);
  }

  static ObjectNode params() {
    return JSON.createObjectNode();
  }

  /** Sends a command and returns its result. */
  JsonNode send(@Nullable String session, String method, ObjectNode params) {
    int id = ids.incrementAndGet();
    ObjectNode message = JSON.createObjectNode().put("id", id).put("method", method);
    message.set("params", params);
    if (session != null) {
      message.put("sessionId", session);
    }
    var answer = new CompletableFuture<JsonNode>();
    waiting.put(id, answer);
    try {
      synchronized (this) {
        socket.sendText(message.toString(), true).join();
      }
      JsonNode answered = answer.get(ANSWER_SECONDS, TimeUnit.SECONDS);
      if (answered.has("error")) {
        throw new IllegalStateException(method + " " + params + ": " + answered.get("error"));
      }
      return answered.path("result");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while the browser does " + method, e);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException("The browser does not answer " + method, e);
    } finally {
      waiting.remove(id);
    }
  }

  @Override
  public void close() {
    socket.abort();
    http.close();
  }

  private void receive(String text) {
    try {
      JsonNode message = JSON.readTree(text);
      var answer = waiting.get(message.path("id").asInt());
      if (answer != null) {
        answer.complete(message);
      } else if (message.has("method")) {
        var event =
            new Event(
                message.path("sessionId").asText(),
                message.path("method").asText(),
                message.path("params"));
        listeners.forEach(listener -> listener.accept(event));
      }
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  private final class Messages implements WebSocket.Listener {
    private final StringBuilder parts = new StringBuilder();

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
      parts.append(part);
      if (last) {
        receive(parts.toString());
        parts.setLength(0);
      }
      from.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
      fail(new IllegalStateException("The browser closed the connection: " + code + " " + reason));
      return null;
    }

    @Override
    public void onError(WebSocket from, Throwable error) {
      fail(error);
    }

    private void fail(Throwable error) {
      waiting.values().forEach(answer -> answer.completeExceptionally(error));
    }
  }
}

package io.flannel.operator.testing.browser;

import static io.flannel.operator.testing.browser.DevTools.params;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * A page in a browser, used as people do: by pointer and keyboard. Keeps the page's complaints:
 * errors and warnings on its console, exceptions, violations of its Content-Security-Policy.
 */
public final class Tab implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int SHIFT = 8;

  /** Code and text of the keys that do not type a character of their name. */
  private static final Map<String, Key> KEYS =
      Map.of(
          "Tab", new Key(9, ""),
          "Enter", new Key(13, "\r"),
          "Escape", new Key(27, ""),
          "Space", new Key(32, " "),
          "ArrowLeft", new Key(37, ""),
          "ArrowUp", new Key(38, ""),
          "ArrowRight", new Key(39, ""),
          "ArrowDown", new Key(40, ""));

  private record Key(int code, String text) {}

  private final DevTools devTools;
  private final String target;
  private final String session;
  private final List<String> complaints = new CopyOnWriteArrayList<>();

  private Tab(DevTools devTools, String target, String session) {
    this.devTools = devTools;
    this.target = target;
    this.session = session;
  }

  static Tab in(DevTools devTools) {
    String context =
        devTools
            .send(null, "Target.createBrowserContext", params())
            .path("browserContextId")
            .asText();
    String target =
        devTools
            .send(
                null,
                "Target.createTarget",
                params().put("url", "about:blank").put("browserContextId", context))
            .path("targetId")
            .asText();
    String session =
        devTools
            .send(
                null,
                "Target.attachToTarget",
                params().put("targetId", target).put("flatten", true))
            .path("sessionId")
            .asText();
    var tab = new Tab(devTools, target, session);
    devTools.listen(tab::hear);
    for (String domain : List.of("Page", "Runtime", "Log", "Audits")) {
      tab.send(domain + ".enable", params());
    }
    tab.size(1280, 800);
    tab.prefers("light", "no-preference");
    return tab;
  }

  /** Navigates to an address, without waiting for its content. */
  public Tab open(String url) {
    send("Page.navigate", params().put("url", url));
    return this;
  }

  /** Sets the window's size in CSS pixels. */
  public Tab size(int width, int height) {
    send(
        "Emulation.setDeviceMetricsOverride",
        params()
            .put("width", width)
            .put("height", height)
            .put("deviceScaleFactor", 1)
            .put("mobile", false));
    return this;
  }

  /**
   * Sets the user's preferences: scheme {@code light} or {@code dark}, motion such as {@code
   * reduce}.
   */
  public Tab prefers(String scheme, String motion) {
    ObjectNode media = params();
    var features = media.putArray("features");
    features.addObject().put("name", "prefers-color-scheme").put("value", scheme);
    features.addObject().put("name", "prefers-reduced-motion").put("value", motion);
    send("Emulation.setEmulatedMedia", media);
    return this;
  }

  /** Returns the value of a JavaScript expression, or what its promise resolves to. */
  public JsonNode value(String expression) {
    JsonNode answer =
        send(
            "Runtime.evaluate",
            params()
                .put("expression", expression)
                .put("awaitPromise", true)
                .put("returnByValue", true)
                .put("userGesture", true));
    if (answer.has("exceptionDetails")) {
      throw new IllegalStateException(expression + ": " + answer.get("exceptionDetails"));
    }
    return answer.path("result").path("value");
  }

  /** Returns the visible text of the first element that matches; empty if there is none. */
  public String text(String selector) {
    return value("document.querySelector(%s)?.innerText ?? ''".formatted(quoted(selector)))
        .asText();
  }

  /** Returns the visible text of all elements that match. */
  public List<String> texts(String selector) {
    JsonNode all =
        value(
            "[...document.querySelectorAll(%s)].map(it => it.innerText)"
                .formatted(quoted(selector)));
    return JSON.convertValue(
        all, JSON.getTypeFactory().constructCollectionType(List.class, String.class));
  }

  /** Returns the number of elements that match. */
  public int count(String selector) {
    return value("document.querySelectorAll(%s).length".formatted(quoted(selector))).asInt();
  }

  /** Returns an attribute of the first element that matches; empty if there is none. */
  public String attribute(String selector, String name) {
    return value(
            "document.querySelector(%s)?.getAttribute(%s) ?? ''"
                .formatted(quoted(selector), quoted(name)))
        .asText();
  }

  /** Returns the part of the address from {@code #} on. */
  public String hash() {
    return value("location.hash").asText();
  }

  /** Returns the focused element's id, or else its label or text. */
  public String focused() {
    return value(
            "(it => it.id || it.getAttribute('aria-label') || it.innerText.trim())"
                + "(document.activeElement)")
        .asText();
  }

  /** Clicks in the middle of the first element that matches. */
  public Tab click(String selector) {
    JsonNode at =
        value(
            """
            (() => {
              const element = document.querySelector(%s);
              element.scrollIntoView({ block: 'center', behavior: 'instant' });
              const { x, y, width, height } = element.getBoundingClientRect();
              return { x: x + width / 2, y: y + height / 2 };
            })()
            """
                .formatted(quoted(selector)));
    return click(at.path("x").asDouble(), at.path("y").asDouble());
  }

  /** Clicks at a point of the window. */
  public Tab click(double x, double y) {
    mouse("mouseMoved", x, y);
    mouse("mousePressed", x, y);
    mouse("mouseReleased", x, y);
    return this;
  }

  /**
   * Presses keys one after another: {@code Tab}, {@code Shift+Tab}, {@code ArrowDown}, {@code n} …
   */
  public Tab press(String... keys) {
    for (String key : keys) {
      boolean shift = key.startsWith("Shift+");
      String name = shift ? key.substring("Shift+".length()) : key;
      Key known = KEYS.getOrDefault(name, new Key(Character.toUpperCase(name.charAt(0)), name));
      ObjectNode event =
          params()
              .put("key", name.equals("Space") ? " " : name)
              .put(
                  "code",
                  KEYS.containsKey(name) ? name : "Key" + name.toUpperCase(java.util.Locale.ROOT))
              .put("windowsVirtualKeyCode", known.code())
              .put("modifiers", shift ? SHIFT : 0);
      send(
          "Input.dispatchKeyEvent",
          event
              .deepCopy()
              .put("type", known.text().isEmpty() ? "rawKeyDown" : "keyDown")
              .put("text", known.text()));
      send("Input.dispatchKeyEvent", event.put("type", "keyUp"));
    }
    return this;
  }

  /** Types text into the focused element. */
  public Tab type(String text) {
    send("Input.insertText", params().put("text", text));
    return this;
  }

  /** Returns the page's complaints so far. */
  public List<String> complaints() {
    return List.copyOf(complaints);
  }

  /** Returns a screenshot of the window as PNG. */
  public byte[] picture() {
    JsonNode answer =
        send(
            "Page.captureScreenshot", params().put("format", "png").put("optimizeForSpeed", false));
    return Base64.getDecoder().decode(answer.path("data").asText());
  }

  /** Writes a screenshot of the window as PNG. */
  public void picture(Path file) {
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      Files.write(file, picture());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    devTools.send(null, "Target.closeTarget", params().put("targetId", target));
  }

  private JsonNode send(String method, ObjectNode params) {
    return devTools.send(session, method, params);
  }

  private void mouse(String type, double x, double y) {
    send(
        "Input.dispatchMouseEvent",
        params()
            .put("type", type)
            .put("x", x)
            .put("y", y)
            .put("button", type.equals("mouseMoved") ? "none" : "left")
            .put("clickCount", type.equals("mouseMoved") ? 0 : 1));
  }

  private void hear(DevTools.Event event) {
    if (!event.session().equals(session)) {
      return;
    }
    String complaint = complaint(event.method(), event.params());
    if (complaint != null) {
      complaints.add(complaint);
    }
  }

  private static @Nullable String complaint(String method, JsonNode params) {
    return switch (method) {
      case "Runtime.exceptionThrown" -> "exception: " + params.path("exceptionDetails");
      case "Runtime.consoleAPICalled" ->
          List.of("error", "warning", "assert").contains(params.path("type").asText())
              ? "console: " + params.path("args")
              : null;
      case "Log.entryAdded" -> {
        JsonNode entry = params.path("entry");
        yield List.of("error", "warning").contains(entry.path("level").asText())
            ? "log: " + entry.path("text").asText() + " " + entry.path("url").asText()
            : null;
      }
      case "Audits.issueAdded" ->
          params.at("/issue/code").asText().equals("ContentSecurityPolicyIssue")
              ? "CSP: " + params.at("/issue/details")
              : null;
      default -> null;
    };
  }

  private static String quoted(String text) {
    return JSON.valueToTree(text).toString();
  }
}

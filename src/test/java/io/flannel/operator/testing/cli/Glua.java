package io.flannel.operator.testing.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.databind.JsonNode;
import io.flannel.operator.testing.process.Tool;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.StreamSupport;

/** Argo CD's Lua interpreter, as the program {@code glua}. */
public final class Glua {
  private Glua() {}

  /**
   * Runs a health check like Argo CD: the global {@code obj} is the object, and the script returns
   * a table with {@code status} and {@code message}.
   *
   * @return {@code STATUS: MESSAGE}
   */
  public static String call(String script, JsonNode object) {
    String program =
        """
        obj = %s
        local hs = (function()
        %s
        end)()
        io.write(hs.status .. ": " .. hs.message)
        """
            .formatted(table(object), script);
    try {
      Path file = Files.createTempFile("health", ".lua");
      try {
        Files.writeString(file, program);
        Process lua =
            new ProcessBuilder(Tool.GLUA.path().toString(), file.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(lua.getInputStream().readAllBytes(), UTF_8);
        if (lua.waitFor() != 0) {
          throw new AssertionError("the script failed: " + said);
        }
        return said;
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while glua ran", e);
    }
  }

  /**
   * Returns JSON as a Lua expression. Null becomes nil, that is, absent, as in what Argo CD passes.
   */
  private static String table(JsonNode json) {
    return switch (json.getNodeType()) {
      case OBJECT ->
          json.properties().stream()
              .map(field -> "[%s] = %s".formatted(quoted(field.getKey()), table(field.getValue())))
              .collect(joining(", ", "{", "}"));
      case ARRAY ->
          StreamSupport.stream(json.spliterator(), false)
              .map(Glua::table)
              .collect(joining(", ", "{", "}"));
      case STRING -> quoted(json.textValue());
      case NUMBER, BOOLEAN -> json.asText();
      case NULL, MISSING -> "nil";
      case BINARY, POJO -> throw new IllegalArgumentException("no JSON: " + json.getNodeType());
    };
  }

  /** Returns a Lua string literal; escapes of three decimal digits stand for any byte. */
  private static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (byte one : text.getBytes(UTF_8)) {
      if (one >= ' ' && one < 127 && one != '"' && one != '\\') {
        quoted.append((char) one);
      } else {
        quoted.append("\\%03d".formatted(one & 0xff));
      }
    }
    return quoted.append('"').toString();
  }
}

package io.flannel.operator.web;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/** The page itself: the files below {@code page/} in the operator's own jar. */
@Singleton
class PageRoutes implements Routes {
  private static final String PREFIX = "/page/";

  /**
   * Maximum length of a name. All files' names are shorter; the regex's stack depth grows with the
   * number of folders.
   */
  private static final int LONGEST = 256;

  /** A path of names, without {@code ..} and hidden files. */
  private static final Pattern NAME =
      Pattern.compile("([A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*\\.[a-z0-9]+");

  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "json", "application/json",
          "svg", "image/svg+xml",
          "png", "image/png",
          "ico", "image/x-icon",
          "txt", "text/plain; charset=utf-8");

  @Override
  public void addTo(Router router) {
    router.get("/").blockingHandler(context -> send(context, "index.html"), false);
    router
        .get(PREFIX + "*")
        .blockingHandler(
            context -> send(context, context.normalizedPath().substring(PREFIX.length())), false);
  }

  private static void send(RoutingContext context, String name) {
    String type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
    Optional<byte[]> file =
        type != null && name.length() <= LONGEST && NAME.matcher(name).matches()
            ? read(name)
            : Optional.empty();
    if (file.isEmpty()) {
      context.next();
      return;
    }
    HttpServerResponse response = context.response();
    String tag = tag(file.get());
    response.putHeader("Content-Type", type).putHeader("ETag", tag);
    if (tag.equals(context.request().getHeader("If-None-Match"))) {
      response.setStatusCode(304).end();
    } else {
      response.end(Buffer.buffer(file.get()));
    }
  }

  private static Optional<byte[]> read(String name) {
    try (InputStream in = PageRoutes.class.getResourceAsStream(PREFIX + name)) {
      return in == null ? Optional.empty() : Optional.of(in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The ETag changes with the file's content. */
  private static String tag(byte[] file) {
    CRC32C sum = new CRC32C();
    sum.update(file);
    return "\"%08x-%x\"".formatted(sum.getValue(), file.length);
  }
}

package io.flannel.operator.testing.browser;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.awaitility.Awaitility.await;

import io.flannel.operator.testing.process.ChildProcess;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A real headless Chromium, Debian's package chromium, for all tests of a class. Tests drive it
 * through its DevTools protocol, without a driver. Its sandbox is off, since tests run as root and
 * it only loads our own page.
 */
public final class Chromium implements BeforeAllCallback, AfterAllCallback {
  private static final Path PROGRAM = Path.of("/usr/bin/chromium");
  private static final long START_SECONDS = 60;

  private @Nullable ChildProcess process;
  private @Nullable DevTools devTools;

  @Override
  public void beforeAll(ExtensionContext context) throws IOException {
    if (!Files.isExecutable(PROGRAM)) {
      throw new IllegalStateException(
          "There is no "
              + PROGRAM
              + ": the page is tested in a real Chromium. Run `make tools`, or `apt-get install"
              + " chromium`.");
    }
    Path folder = Files.createDirectories(Path.of("target/it")).toAbsolutePath();
    Path profile = Files.createTempDirectory(folder, "chromium-");
    List<String> command =
        List.of(
            PROGRAM.toString(),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            "--remote-debugging-port=0",
            "--user-data-dir=" + profile,
            "about:blank");
    ChildProcess started =
        ChildProcess.start("Chromium", command, Map.of(), profile.resolve("chromium.log"));
    process = started;
    Path port = profile.resolve("DevToolsActivePort");
    await("Chromium's DevTools port; its log is " + started.log())
        .atMost(START_SECONDS, SECONDS)
        .pollInterval(Duration.ofMillis(50))
        .until(
            () -> {
              started.mustBeAlive();
              return Files.exists(port) && Files.readAllLines(port).size() == 2;
            });
    // The file has the port and the path of the browser's own target.
    List<String> lines = Files.readAllLines(port);
    devTools = new DevTools(URI.create("ws://127.0.0.1:" + lines.get(0) + lines.get(1)));
  }

  @Override
  public void afterAll(ExtensionContext context) {
    if (devTools != null) {
      devTools.close();
    }
    if (process != null) {
      process.close();
    }
  }

  /** Opens a light tab of 1280 by 800 pixels that shares neither cookies nor cache with others. */
  public Tab tab() {
    return Tab.in(Objects.requireNonNull(devTools, "Chromium did not start"));
  }
}

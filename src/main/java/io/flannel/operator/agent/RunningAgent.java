package io.flannel.operator.agent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/**
 * What stays the same while an agent runs.
 *
 * @param version of the agent; null if it is not packaged
 * @param since when it started
 * @param nodeBootedAt RFC 3339; null if the kernel does not say
 */
record RunningAgent(@Nullable String version, Instant since, @Nullable String nodeBootedAt) {
  /**
   * Describes this process.
   *
   * @param uptime the file /proc/uptime: seconds since boot, then idle seconds
   */
  static RunningAgent here(Clock clock, Path uptime) {
    return new RunningAgent(
        RunningAgent.class.getPackage().getImplementationVersion(),
        clock.instant(),
        bootedAt(clock, uptime));
  }

  private static @Nullable String bootedAt(Clock clock, Path uptime) {
    try {
      double seconds = Double.parseDouble(Files.readString(uptime).split(" ", 2)[0]);
      return clock
          .instant()
          .minus(Duration.ofMillis(Math.round(1000 * seconds)))
          .truncatedTo(ChronoUnit.SECONDS)
          .toString();
    } catch (IOException | RuntimeException e) {
      Log.warn(
          RunningAgent.class,
          "when the node booted is not known: %s cannot be read: %s".formatted(uptime, e));
      return null;
    }
  }
}

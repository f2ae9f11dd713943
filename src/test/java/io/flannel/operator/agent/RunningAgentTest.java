package io.flannel.operator.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunningAgentTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-11-23T10:00:00Z"), ZoneOffset.UTC);

  @TempDir Path proc;

  @Test
  void theNodeBootedAsLongAgoAsItIsUp() throws Exception {
    assertThat(bootedAt("3600.50 7100.00\n")).isEqualTo("2026-11-23T08:59:59Z");
    assertThat(RunningAgent.here(Clock.systemUTC(), Path.of("/proc/uptime")).nodeBootedAt())
        .isNotNull();
  }

  @Test
  void valuesThatTheKernelDoesNotSayAreNotTold() throws Exception {
    assertThat(bootedAt("")).isNull();
    assertThat(bootedAt("up\n")).isNull();
    assertThat(RunningAgent.here(CLOCK, proc.resolve("none")).nodeBootedAt()).isNull();
  }

  private String bootedAt(String uptime) throws Exception {
    return RunningAgent.here(CLOCK, Files.writeString(proc.resolve("uptime"), uptime))
        .nodeBootedAt();
  }
}

package io.flannel.operator.agent.checks;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class CommandTest {
  private static final Duration LONG = Duration.ofMinutes(1);

  @Test
  void whatItPrintsIsRead() {
    assertThat(run(LONG, 100, "cat")).isEqualTo("Read: hello");
  }

  @Test
  void aToolThatIsNotThereIsSaidSo() {
    assertThat(run(LONG, 100, "no-such-tool"))
        .startsWith("Failed: cannot run no-such-tool")
        .contains("the agent's image should hold iproute2");
  }

  @Test
  void aToolThatFailsIsQuoted() {
    assertThat(run(LONG, 100, "sh", "-c", "echo cannot >&2; echo more >&2; exit 3"))
        .endsWith("failed with exit code 3: cannot");
  }

  @Test
  void aToolThatHangsIsKilledWithItsChildren() {
    // The child holds the pipe open: reading ends only if it is killed, too.
    assertThat(run(Duration.ofMillis(200), 100, "sh", "-c", "sleep 600; true"))
        .contains("did not end within");
  }

  @Test
  void aToolThatNeverStopsPrintingIsCutOff() {
    assertThat(run(LONG, 1000, "yes")).isEqualTo("Failed: yes printed more than 1000 bytes");
  }

  @Test
  void aToolThatDoesNotReadItsInputIsFine() {
    assertThat(run(LONG, 100, "true")).isEqualTo("Read: ");
  }

  private static String run(Duration limit, int bytes, String... words) {
    return switch (new Command(List.of(words), limit, bytes).run("hello")) {
      case Reading.Read<byte[]>(byte[] output) ->
          "Read: " + new String(output, java.nio.charset.StandardCharsets.UTF_8);
      case Reading.Failed<byte[]>(String why) -> "Failed: " + why;
      case Reading.Absent<byte[]>() -> "Absent";
    };
  }
}

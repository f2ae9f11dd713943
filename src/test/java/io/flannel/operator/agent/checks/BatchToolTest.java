package io.flannel.operator.agent.checks;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BatchToolTest {
  private static final Duration LONG = Duration.ofMinutes(1);

  private BatchTool tool;

  @AfterEach
  void end() {
    tool.close();
  }

  @Test
  void eachQueryIsAnsweredByALine() {
    start(LONG, "cat");
    assertThat(ask("one", "two")).isEqualTo("[one, two]");
    assertThat(ask("three")).isEqualTo("[three]");
  }

  @Test
  void itStaysFromQuestionToQuestion() {
    start(LONG, "sh", "-c", "while read query; do echo $$; done");
    String first = ask("who");
    assertThat(ask("who")).isEqualTo(first);
    tool.close();
    assertThat(ask("who")).isNotEqualTo(first).matches("\\[[0-9]+]");
  }

  @Test
  void oneThatIsNotThereIsSaidSo() {
    start(LONG, "no-such-tool");
    assertThat(ask("one"))
        .startsWith("cannot run no-such-tool")
        .contains("the agent's image should hold iproute2");
  }

  @Test
  void oneThatEndsIsQuotedAndStartedAnew() {
    start(LONG, "sh", "-c", "read query; echo cannot $query >&2; echo more >&2; exit 3");
    assertThat(ask("one")).endsWith("ended: cannot one");
    assertThat(ask("two")).endsWith("ended: cannot two");
  }

  @Test
  void oneThatDiedMeanwhileIsStartedAnew() {
    start(LONG, "sh", "-c", "read query; echo $query");
    assertThat(ask("one")).isEqualTo("[one]");
    assertThat(ask("two")).contains("ended: it did not say why");
    assertThat(ask("three")).isEqualTo("[three]");
  }

  @Test
  void oneThatHangsIsKilledWithItsChildren() {
    // The child keeps the pipe open, so reading ends only if the child is killed too.
    start(Duration.ofMillis(200), "sh", "-c", "sleep 600; true");
    assertThat(ask("one")).contains("did not answer within");
  }

  @Test
  void oneThatNeverStopsPrintingIsCutOff() {
    start(LONG, "sh", "-c", "tr '\\0' x </dev/zero");
    assertThat(ask("one")).endsWith("printed more than 100 bytes");
  }

  @Test
  void oneThatPrintsMoreThanItWasAskedForIsNotTrusted() {
    start(LONG, "sh", "-c", "read query; printf 'one\\nWarning\\n'; sleep 600");
    assertThat(ask("one")).endsWith("printed more than it was asked for");
  }

  private void start(Duration limit, String... words) {
    tool = new BatchTool(List.of(words), limit, 100);
  }

  private String ask(String... queries) {
    return switch (tool.ask(List.of(queries))) {
      case ReadResult.Read<List<byte[]>>(List<byte[]> lines) ->
          lines.stream().map(line -> new String(line, StandardCharsets.UTF_8)).toList().toString();
      case ReadResult.Failed<List<byte[]>>(String why) -> why;
      case ReadResult.Absent<List<byte[]>>() -> "absent";
    };
  }
}

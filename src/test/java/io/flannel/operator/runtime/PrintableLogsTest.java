package io.flannel.operator.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.testing.hostile.HostileText;
import java.io.IOException;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.jboss.logmanager.ExtFormatter;
import org.jboss.logmanager.ExtLogRecord;
import org.jboss.logmanager.formatters.JsonFormatter;
import org.jboss.logmanager.formatters.PatternFormatter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** No log line can be forged, whichever part of a record contains the text. */
class PrintableLogsTest {
  private static final PrintableLogs FILTER = new PrintableLogs();

  static Stream<ExtFormatter> formats() {
    return Stream.of(new PatternFormatter("%d %-5p %c{1.} %s%e%n"), new JsonFormatter());
  }

  @ParameterizedTest
  @MethodSource("formats")
  void inTheMessageAndItsParameters(ExtFormatter format) {
    var plain = record(HostileText.ALL, ExtLogRecord.FormatStyle.NO_FORMAT);
    assertThat(logged(format, plain)).hasSize(1);
    var printf = record("finding %s of %d", ExtLogRecord.FormatStyle.PRINTF);
    printf.setParameters(new Object[] {HostileText.ALL, 7});
    assertThat(logged(format, printf)).singleElement().asString().contains("finding begin", "of 7");
    var message = record("finding {0}", ExtLogRecord.FormatStyle.MESSAGE_FORMAT);
    message.setParameters(new Object[] {HostileText.ALL});
    assertThat(logged(format, message)).singleElement().asString().contains("finding begin");
  }

  @ParameterizedTest
  @MethodSource("formats")
  void inExceptionsTheirCausesAndWhatWasSuppressed(ExtFormatter format) {
    var cause = new IOException("cause " + HostileText.ALL);
    var suppressed = new IllegalArgumentException("suppressed " + HostileText.ALL);
    var thrown = new IllegalStateException("a pass failed", cause);
    cause.addSuppressed(suppressed);
    var record = record("failed", ExtLogRecord.FormatStyle.NO_FORMAT);
    record.setThrown(thrown);
    assertThat(String.join("\n", logged(format, record)))
        .contains(
            "a pass failed",
            "java.io.IOException: cause begin",
            "java.lang.IllegalArgumentException: suppressed begin",
            "inExceptionsTheirCauses");
  }

  @ParameterizedTest
  @MethodSource("formats")
  void inOneThatIsItsOwnCause(ExtFormatter format) {
    var one = new IllegalStateException("one " + HostileText.ALL);
    var other = new IllegalStateException("other", one);
    one.initCause(other);
    var record = record("failed", ExtLogRecord.FormatStyle.NO_FORMAT);
    record.setThrown(one);
    assertThat(String.join("\n", logged(format, record))).contains("one begin", "other");
  }

  /** Exceptions with printable text are not replaced. */
  @ParameterizedTest
  @MethodSource("formats")
  void anExceptionThatCanBePrintedIsLeftAlone(ExtFormatter format) {
    var thrown = new IllegalStateException("plain", new IOException("too"));
    var record = record("failed", ExtLogRecord.FormatStyle.NO_FORMAT);
    record.setThrown(thrown);
    FILTER.isLoggable(record);
    assertThat(record.getThrown()).isSameAs(thrown);
    assertThat(format.format(record)).contains("plain");
  }

  private static ExtLogRecord record(String message, ExtLogRecord.FormatStyle style) {
    var record = new ExtLogRecord(Level.INFO, message, style, PrintableLogsTest.class.getName());
    record.setLoggerName("io.flannel.operator.Test");
    return record;
  }

  private static java.util.List<String> logged(ExtFormatter format, ExtLogRecord record) {
    assertThat(FILTER.isLoggable(record)).isTrue();
    String logged = format.format(record);
    assertThat(HostileText.isIn(logged)).as(logged).isFalse();
    return logged.lines().toList();
  }
}

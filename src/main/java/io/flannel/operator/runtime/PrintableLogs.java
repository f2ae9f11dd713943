package io.flannel.operator.runtime;

import io.flannel.operator.flannel.PrintableText;
import io.quarkus.logging.LoggingFilter;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Objects;
import java.util.Set;
import java.util.logging.Filter;
import java.util.logging.LogRecord;
import org.jboss.logmanager.ExtFormatter;
import org.jboss.logmanager.ExtLogRecord;
import org.jboss.logmanager.formatters.PatternFormatter;
import org.jspecify.annotations.Nullable;

/**
 * Makes log records printable: each message is one line, whatever its parameters contain, and so is
 * the message of each exception and of its causes. It is the filter of every handler that {@code
 * application.properties} configures, whatever the format.
 */
@LoggingFilter(name = "printable")
public final class PrintableLogs implements Filter {
  /** Puts parameters into messages, as every format does. */
  private static final ExtFormatter MESSAGES = new PatternFormatter("%s");

  /** Lets every record pass. */
  @Override
  public boolean isLoggable(LogRecord record) {
    if (record instanceof ExtLogRecord it) {
      String message = MESSAGES.formatMessage(it);
      if (message != null) {
        it.setMessage(PrintableText.of(message), ExtLogRecord.FormatStyle.NO_FORMAT);
        it.setParameters(null);
      }
      Throwable thrown = it.getThrown();
      if (thrown != null) {
        it.setThrown(printable(thrown, Collections.newSetFromMap(new IdentityHashMap<>())));
      }
    }
    return true;
  }

  /** Returns the same exception if all its text is printable. */
  private static Throwable printable(Throwable thrown, Set<Throwable> seen) {
    if (!seen.add(thrown)) {
      return new Printable(thrown, null, new Throwable[0]); // A cycle of causes.
    }
    Throwable cause = thrown.getCause();
    Throwable printableCause = cause == null ? null : printable(cause, seen);
    Throwable[] suppressed = thrown.getSuppressed();
    Throwable[] printableSuppressed =
        Arrays.stream(suppressed).map(one -> printable(one, seen)).toArray(Throwable[]::new);
    String words = thrown.toString();
    boolean same =
        words.equals(PrintableText.of(words))
            && Objects.equals(cause, printableCause)
            && Arrays.equals(suppressed, printableSuppressed);
    return same ? thrown : new Printable(thrown, printableCause, printableSuppressed);
  }

  /** Stands in for an exception: its printable text, and its stack. */
  private static final class Printable extends Throwable {
    private static final long serialVersionUID = 1;

    private final String words;

    Printable(Throwable of, @Nullable Throwable cause, Throwable[] suppressed) {
      super(PrintableText.of(of.toString()), cause);
      words = PrintableText.of(of.toString());
      setStackTrace(of.getStackTrace());
      for (Throwable one : suppressed) {
        addSuppressed(one);
      }
    }

    /** With the original's class; the default would print this class and getMessage. */
    @Override
    @SuppressWarnings("OverrideThrowableToString")
    public String toString() {
      return words;
    }
  }
}

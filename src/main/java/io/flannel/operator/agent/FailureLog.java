package io.flannel.operator.agent;

import org.jspecify.annotations.Nullable;

/** Logs a repeating failure only when it begins, when its kind changes, and when it ends. */
final class FailureLog {
  private final Class<?> of;
  private final int patience;
  private @Nullable String said;
  private String other = "";
  private int others;

  /**
   * @param of the class that the log lines name
   */
  FailureLog(Class<?> of) {
    this(of, 1);
  }

  /**
   * @param of the class that the log lines name
   * @param patience how many failures in a row of another kind it takes to log that kind: a server
   *     that is starting fails in several ways
   */
  FailureLog(Class<?> of, int patience) {
    this.of = of;
    this.patience = patience;
  }

  /**
   * Reports a failure.
   *
   * @param kind repeated failures of the same kind are not logged again
   * @param message what fails, why, and what to do
   */
  synchronized void begins(String kind, String message) {
    if (kind.equals(said)) {
      others = 0;
      return;
    }
    others = kind.equals(other) ? others + 1 : 1;
    other = kind;
    if (said == null || others >= patience) {
      said = kind;
      Log.warn(of, message);
    }
  }

  /** Reports a success. {@code message} says what works again; it is logged if a failure was. */
  synchronized void over(String message) {
    if (said != null) {
      said = null;
      others = 0;
      Log.info(of, message);
    }
  }
}

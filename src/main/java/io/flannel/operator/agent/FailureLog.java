package io.flannel.operator.agent;

import org.jspecify.annotations.Nullable;

/** A failure that repeats itself: said when it begins, becomes another, and is over. */
final class FailureLog {
  private final Class<?> of;
  private final int patience;
  private @Nullable String said;
  private String other = "";
  private int others;

  /**
   * @param of what the lines of log are signed with
   */
  FailureLog(Class<?> of) {
    this(of, 1);
  }

  /**
   * @param of what the lines of log are signed with
   * @param patience how many failures of another kind in a row it takes until that one is said: a
   *     server that is being started fails in several ways
   */
  FailureLog(Class<?> of, int patience) {
    this.of = of;
    this.patience = patience;
  }

  /**
   * It fails.
   *
   * @param kind as long as this is the same, nothing is said again
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

  /** It works; {@code message} says what works again. */
  synchronized void over(String message) {
    if (said != null) {
      said = null;
      others = 0;
      Log.info(of, message);
    }
  }
}

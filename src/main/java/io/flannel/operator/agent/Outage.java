package io.flannel.operator.agent;

import org.jspecify.annotations.Nullable;

/** A failure that repeats itself: said when it begins, becomes another, and is over. */
final class Outage {
  private final Class<?> of;
  private @Nullable String said;

  /**
   * @param of what the lines of log are signed with
   */
  Outage(Class<?> of) {
    this.of = of;
  }

  /**
   * It fails.
   *
   * @param kind as long as this is the same, nothing is said again
   * @param message what fails, why, and what to do
   */
  synchronized void begins(String kind, String message) {
    if (!kind.equals(said)) {
      said = kind;
      Log.warn(of, message);
    }
  }

  /** It works; {@code message} says what works again. */
  synchronized void over(String message) {
    if (said != null) {
      said = null;
      Log.info(of, message);
    }
  }
}

package io.flannel.operator.agent;

import java.util.Optional;

/**
 * Whether packets pass on one way to a peer, judged so that a single lost packet changes nothing:
 * only so many equal results in a row do.
 *
 * @param passes what was decided last; empty until something was
 * @param last the last result: whether the probe was answered
 * @param inRow how many results in a row were the same as the last, that included
 */
record PathState(Optional<Boolean> passes, boolean last, int inRow) {
  /** Nothing was probed yet. */
  static final PathState UNKNOWN = new PathState(Optional.empty(), true, 0);

  /**
   * What holds after one more probe.
   *
   * @param needed how many equal results in a row it takes to decide, 1 or more
   */
  PathState after(boolean answered, int needed) {
    int row = answered == last && inRow < Integer.MAX_VALUE ? inRow + 1 : 1;
    return new PathState(row >= needed ? Optional.of(answered) : passes, answered, row);
  }

  /** What holds after an answer that came beside the results: losses before it are no row. */
  PathState interrupted() {
    return last ? this : new PathState(passes, true, 0);
  }

  /**
   * What holds after an answer to a probe that was taken for lost: losses before it are no row, and
   * the path is slow, not down.
   */
  PathState answeredLate() {
    return isDown() ? new PathState(Optional.of(true), true, 1) : interrupted();
  }

  boolean isDown() {
    return passes.equals(Optional.of(false));
  }
}

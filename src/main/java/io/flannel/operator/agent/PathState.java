package io.flannel.operator.agent;

import java.util.Optional;

/**
 * Whether packets pass on one path to a peer. Only several equal results in a row decide, so that a
 * single lost packet changes nothing.
 *
 * @param passes the last decision; empty before the first
 * @param last the last result: whether the probe was answered
 * @param inRow number of equal results in a row, including the last
 */
record PathState(Optional<Boolean> passes, boolean last, int inRow) {
  /** Nothing was probed yet. */
  static final PathState UNKNOWN = new PathState(Optional.empty(), true, 0);

  /**
   * Returns the state after one more probe.
   *
   * @param needed how many equal results in a row decide, 1 or more
   */
  PathState after(boolean answered, int needed) {
    int row = answered == last && inRow < Integer.MAX_VALUE ? inRow + 1 : 1;
    return new PathState(row >= needed ? Optional.of(answered) : passes, answered, row);
  }

  /**
   * Returns the state after an answer that is not itself a result: it only ends a series of losses.
   */
  PathState interrupted() {
    return last ? this : new PathState(passes, true, 0);
  }

  /**
   * Returns the state after an answer to a probe that already counted as lost. It ends a series of
   * losses, and the path is slow, not down.
   */
  PathState answeredLate() {
    return isDown() ? new PathState(Optional.of(true), true, 1) : interrupted();
  }

  boolean isDown() {
    return passes.equals(Optional.of(false));
  }
}

package io.flannel.operator.agent;

/**
 * Which of the last probes of one path were lost.
 *
 * @param lost a bit for each probe, the newest the lowest; set if it was lost
 * @param probes how many probes that is
 */
record ProbeHistory(long lost, int probes) {
  /** The most probes that are remembered. */
  static final int MAX = 32;

  static final ProbeHistory EMPTY = new ProbeHistory(0, 0);

  /**
   * With one more probe, at most {@code window} (1 to {@link #MAX}) being remembered.
   *
   * @throws IllegalArgumentException if the window is none of these
   */
  ProbeHistory with(boolean answered, int window) {
    if (window < 1 || window > MAX) {
      throw new IllegalArgumentException("a window of 1 to %d, not %d".formatted(MAX, window));
    }
    return new ProbeHistory(
        (lost << 1 | (answered ? 0 : 1)) & (-1L >>> (Long.SIZE - window)),
        Math.min(probes + 1, window));
  }

  /**
   * The lost probes, but for those after the last answer: as long as none follows, nobody knows
   * whether packets get lost or the path is about to be down.
   */
  long settledLosses() {
    return lost & (-1L << unsettled());
  }

  /** How many probes were sent up to the last answer. */
  int settled() {
    return probes - unsettled();
  }

  private int unsettled() {
    return Long.numberOfTrailingZeros(~lost);
  }
}

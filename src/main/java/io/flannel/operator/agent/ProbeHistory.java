package io.flannel.operator.agent;

/**
 * The fate of one path's last probes, one per slot. A round has {@link #PER_ROUND} slots: the first
 * for its regular probe, the others for probes until the next round.
 *
 * <p>A probe counts as lost once a later one was answered. Packets of one path don't overtake each
 * other, so a slow peer looks silent for a while, but never lossy. Until a later answer comes, the
 * path may be about to go down. An answer to the probe itself revokes the loss, however late.
 *
 * @param sent one bit per slot, the lowest being the newest; set if a probe was sent in it
 * @param answered likewise; set if that probe was answered
 */
record ProbeHistory(long sent, long answered) {
  /** Number of slots in a round. */
  static final int PER_ROUND = 8;

  /** Number of rounds that are remembered. */
  static final int ROUNDS = Long.SIZE / PER_ROUND;

  static final ProbeHistory EMPTY = new ProbeHistory(0, 0);

  /** Returns the history with the unused slots of a new round. */
  ProbeHistory nextRound() {
    return new ProbeHistory(sent << PER_ROUND, answered << PER_ROUND);
  }

  /** Returns the history with a probe in the slot of this age; the newest slot has age 0. */
  ProbeHistory withSent(long age) {
    return new ProbeHistory(sent | bit(age), answered);
  }

  /**
   * Returns the history with an answer to the probe of this age; ignored if that is not remembered.
   */
  ProbeHistory withAnswered(long age) {
    return new ProbeHistory(sent, answered | (bit(age) & sent));
  }

  /** The probes whose fate is known. */
  long settled() {
    return answered == 0 ? 0 : sent & -1L << Long.numberOfTrailingZeros(answered);
  }

  /** The settled probes that were lost. */
  long lost() {
    return settled() & ~answered;
  }

  /** The lost probes that began a series of losses. */
  long beginningsOfLoss() {
    long lost = lost();
    long beginnings = 0;
    boolean before = false;
    for (long bit = Long.highestOneBit(lost); bit != 0; bit >>>= 1) {
      if ((sent & bit) != 0) {
        boolean now = (lost & bit) != 0;
        beginnings |= now && !before ? bit : 0;
        before = now;
      }
    }
    return beginnings;
  }

  private static long bit(long age) {
    return age >= 0 && age < Long.SIZE ? 1L << age : 0;
  }
}

package io.flannel.operator.agent;

/**
 * What became of the last probes of one path, each in its slot: a round has {@link #PER_ROUND}, the
 * first for the probe that every round has and the others for those between.
 *
 * <p>A probe counts as lost once a later one was answered: packets of one path don't overtake each
 * other, so that a peer which is slow looks silent for a while, but never as if packets got lost.
 * Until then nobody knows whether the path is about to be down. And whenever the answer comes, it
 * was not lost.
 *
 * @param sent a bit for each slot, the newest the lowest; set if a probe was sent in it
 * @param answered those of them that were answered
 */
record ProbeHistory(long sent, long answered) {
  /** The slots of a round. */
  static final int PER_ROUND = 8;

  /** The rounds that are remembered. */
  static final int ROUNDS = Long.SIZE / PER_ROUND;

  static final ProbeHistory EMPTY = new ProbeHistory(0, 0);

  /** With the slots of one more round, nothing being sent in them yet. */
  ProbeHistory nextRound() {
    return new ProbeHistory(sent << PER_ROUND, answered << PER_ROUND);
  }

  /** With a probe in the slot of this age, which is 0 for the newest. */
  ProbeHistory withSent(long age) {
    return new ProbeHistory(sent | bit(age), answered);
  }

  /** With an answer to the probe of this age; one that is not remembered is ignored. */
  ProbeHistory withAnswered(long age) {
    return new ProbeHistory(sent, answered | (bit(age) & sent));
  }

  /** The probes whose fate is known. */
  long settled() {
    return answered == 0 ? 0 : sent & -1L << Long.numberOfTrailingZeros(answered);
  }

  /** Those of them that were lost. */
  long lost() {
    return settled() & ~answered;
  }

  /** The lost ones with which a row of losses began. */
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

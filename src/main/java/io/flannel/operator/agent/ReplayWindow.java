package io.flannel.operator.agent;

/**
 * Detects replayed numbers of a peer, like IPsec's anti-replay window (RFC 4303, 3.4.3): each
 * number counts once, and those far behind the highest don't count. Packets take several paths, so
 * one may overtake another.
 *
 * <p>Numbers increase and wrap: of two numbers, the later one is less than half the range ahead.
 */
final class ReplayWindow {
  private static final int SIZE = Long.SIZE;

  /**
   * Maximum jump ahead that is accepted at once. A larger one is accepted only when a number close
   * to it follows: otherwise whoever guesses one packet right, at odds of one in four billion,
   * could make the peer's own numbers look old.
   */
  private static final int NEAR = 1 << 16;

  private boolean begun;
  private int highest;

  /** Bit 0 stands for the highest number, bit 1 for the one before it. */
  private long seen;

  private boolean doubting;
  private int doubtful;

  /** Records a number and returns whether it counts. */
  boolean isFresh(int number) {
    int ahead = number - highest;
    if (!begun) {
      begin(number);
      return true;
    }
    if (ahead > 0) {
      return goOn(number, ahead);
    }
    int age = -ahead;
    if (age < 0 || age >= SIZE || (seen & 1L << age) != 0) {
      return false;
    }
    seen |= 1L << age;
    return true;
  }

  private boolean goOn(int number, int ahead) {
    if (ahead <= NEAR) {
      seen = ahead < SIZE ? seen << ahead | 1 : 1;
      highest = number;
      doubting = false;
      return true;
    }
    int sinceDoubt = number - doubtful;
    if (doubting && sinceDoubt > 0 && sinceDoubt <= NEAR) {
      begin(number);
      return true;
    }
    doubting = true;
    doubtful = number;
    return false;
  }

  private void begin(int number) {
    begun = true;
    highest = number;
    // Numbers before the first may be replays.
    seen = -1;
    doubting = false;
  }
}

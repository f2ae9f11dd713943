package io.flannel.operator.agent;

/**
 * Which of a peer's numbers were there before, as IPsec's anti-replay window (RFC 4303, 3.4.3):
 * each counts once, and those that are far behind the highest not at all. Packets take several
 * paths, so that one may overtake another.
 *
 * <p>Numbers go up and wrap: of two, that one is later to which it is less than half the way round.
 */
final class ReplayWindow {
  private static final int SIZE = Long.SIZE;

  /**
   * So far ahead a number is believed at once, else with the next one: whoever guesses one packet
   * in four billion right must not have the peer's own look old.
   */
  private static final int NEAR = 1 << 16;

  private boolean begun;
  private int highest;

  /** Bit 0 is the highest, bit 1 the one before it. */
  private long seen;

  private boolean doubting;
  private int doubtful;

  /** Takes a number; whether it is one that counts. */
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
    // What came before the first is not known to be new.
    seen = -1;
    doubting = false;
  }
}

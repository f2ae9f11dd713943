package io.flannel.operator.agent;

/**
 * SipHash-2-4 of eight-byte messages: a pseudorandom function with a 128-bit key, designed to
 * authenticate short messages (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012).
 * Linux makes its TCP sequence numbers with it. It takes a tenth of a microsecond and allocates
 * nothing, so a flood of forged packets costs little.
 *
 * @param k0 the key's first eight bytes, little-endian
 * @param k1 its last eight bytes, likewise
 */
record SipHash(long k0, long k1) {
  private static final long EIGHT_BYTES = 8L << 56;

  /** Returns the hash of a message whose bytes are read as little-endian. */
  long of(long message) {
    long v0 = k0 ^ 0x736f6d6570736575L;
    long v1 = k1 ^ 0x646f72616e646f6dL;
    long v2 = k0 ^ 0x6c7967656e657261L;
    long v3 = k1 ^ 0x7465646279746573L;
    // Two words of input, the second being the message's length; then 0xff and the final rounds.
    for (int word = 0; word < 3; word++) {
      long input = word == 0 ? message : EIGHT_BYTES;
      int rounds = 2;
      if (word == 2) {
        v2 ^= 0xff;
        input = 0;
        rounds = 4;
      }
      v3 ^= input;
      for (int round = 0; round < rounds; round++) {
        v0 += v1;
        v2 += v3;
        v1 = Long.rotateLeft(v1, 13) ^ v0;
        v3 = Long.rotateLeft(v3, 16) ^ v2;
        v0 = Long.rotateLeft(v0, 32);
        v2 += v1;
        v0 += v3;
        v1 = Long.rotateLeft(v1, 17) ^ v2;
        v3 = Long.rotateLeft(v3, 21) ^ v0;
        v2 = Long.rotateLeft(v2, 32);
      }
      v0 ^= input;
    }
    return v0 ^ v1 ^ v2 ^ v3;
  }

  /** Keeps the key out of logs and exceptions. */
  @Override
  public String toString() {
    return "SipHash";
  }
}

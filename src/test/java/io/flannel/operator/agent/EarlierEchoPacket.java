package io.flannel.operator.agent;

import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * The codec of agents before there was a key, as it was: what new ones send must be well-formed to
 * it, and what it sends to them.
 *
 * <p>What agents send each other, as the payload of a UDP datagram.
 *
 * <pre>
 * byte  0  magic "FLNP"
 *       4  version, 1
 *       5  kind: 1 request, 2 answer
 *       6  length of the whole payload, unsigned
 *       8  nonce
 *      16  zeros, up to the length
 * </pre>
 *
 * An answer is its request with another kind: it has the same nonce and is never longer. As the
 * padding must be zeros, nobody can have a node send bytes of his choice but the nonce.
 *
 * @param kind request or answer
 * @param nonce a random number of the request, which the answer repeats
 * @param length the payload's length in bytes
 */
record EarlierEchoPacket(Kind kind, long nonce, int length) {
  /** The shortest payload: one without padding. */
  static final int MIN_LENGTH = 16;

  /** The longest payload that a UDP datagram over IPv4 can have. */
  static final int MAX_LENGTH = 65_507;

  private static final int MAGIC = 0x464c4e50;
  private static final byte VERSION = 1;

  /** What a packet is. */
  enum Kind {
    REQUEST(1),
    ANSWER(2);

    private final byte code;

    Kind(int code) {
      this.code = (byte) code;
    }
  }

  EarlierEchoPacket {
    if (length < MIN_LENGTH || length > MAX_LENGTH) {
      throw new IllegalArgumentException(
          "an echo packet has %d to %d bytes, not %d".formatted(MIN_LENGTH, MAX_LENGTH, length));
    }
  }

  /** What is to be sent back. */
  EarlierEchoPacket answer() {
    return new EarlierEchoPacket(Kind.ANSWER, nonce, length);
  }

  /**
   * Makes a buffer ready to be sent. Only the header is written: all behind it must be zeros, as it
   * is in a buffer that nothing else was ever written to.
   */
  void writeTo(ByteBuffer zeros) {
    zeros.clear();
    zeros.putInt(MAGIC).put(VERSION).put(kind.code).putShort((short) length).putLong(nonce);
    zeros.position(0).limit(length);
  }

  /** Reads all that remains in the buffer; empty if that is not exactly one well-formed packet. */
  static Optional<EarlierEchoPacket> read(ByteBuffer payload) {
    int length = payload.remaining();
    if (length < MIN_LENGTH
        || length > MAX_LENGTH
        || payload.getInt() != MAGIC
        || payload.get() != VERSION) {
      return Optional.empty();
    }
    byte code = payload.get();
    int said = Short.toUnsignedInt(payload.getShort());
    long nonce = payload.getLong();
    if (said != length || !onlyZeros(payload)) {
      return Optional.empty();
    }
    for (Kind kind : Kind.values()) {
      if (kind.code == code) {
        return Optional.of(new EarlierEchoPacket(kind, nonce, length));
      }
    }
    return Optional.empty();
  }

  private static boolean onlyZeros(ByteBuffer rest) {
    while (rest.remaining() >= Long.BYTES) {
      if (rest.getLong() != 0) {
        return false;
      }
    }
    while (rest.hasRemaining()) {
      if (rest.get() != 0) {
        return false;
      }
    }
    return true;
  }
}

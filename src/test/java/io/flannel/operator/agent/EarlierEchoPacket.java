package io.flannel.operator.agent;

import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * The packet codec of agents from before there were keys, unchanged. It and {@link EchoPacket} must
 * accept each other's packets.
 *
 * <p>A packet is the payload of a UDP datagram.
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
 * An answer repeats its request's nonce and is never longer than the request. Since the padding
 * must be zeros, a sender cannot make a node send bytes of its choice, except the nonce.
 *
 * @param kind request or answer
 * @param nonce the request's random number, which the answer repeats
 * @param length the payload's length in bytes
 */
record EarlierEchoPacket(Kind kind, long nonce, int length) {
  /** The shortest payload: one without padding. */
  static final int MIN_LENGTH = 16;

  /** The longest payload that a UDP datagram over IPv4 can have. */
  static final int MAX_LENGTH = 65_507;

  private static final int MAGIC = 0x464c4e50;
  private static final byte VERSION = 1;

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

  /** The answer to this request. */
  EarlierEchoPacket answer() {
    return new EarlierEchoPacket(Kind.ANSWER, nonce, length);
  }

  /**
   * Prepares a buffer for sending. Writes only the header, so the bytes behind it must already be
   * zeros: use a buffer that nothing else was ever written to.
   */
  void writeTo(ByteBuffer zeros) {
    zeros.clear();
    zeros.putInt(MAGIC).put(VERSION).put(kind.code).putShort((short) length).putLong(nonce);
    zeros.position(0).limit(length);
  }

  /** Reads all remaining bytes; empty if they are not exactly one well-formed packet. */
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

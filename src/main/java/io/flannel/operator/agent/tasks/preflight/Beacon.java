package io.flannel.operator.agent.tasks.preflight;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * The packet that nodes send each other in the encapsulation under test: "I am this node, and this
 * is what I heard from you". Nobody answers one: each node sends its own at its own pace.
 *
 * <pre>
 * byte  0  magic "FLNB"
 *       4  version, 1
 *       5  bits: 1 full-size, 2 heard small, 4 heard full-size, 8 has all
 *       6  length of the whole beacon, unsigned
 *       8  nonce of the change
 *      16  sender's node address, IPv4 behind twelve zeros
 *      32  receiver's node address, likewise
 *      48  zeros, up to the length
 * </pre>
 *
 * The addresses are those that the operator knows. They identify the nodes even if a NAT in between
 * changes the addresses in the IP header.
 *
 * @param nonce a number known only to the nodes that try the same change
 * @param from the sender
 * @param to the receiver
 * @param fullSize whether it is padded to the largest packet that the new device will send
 * @param heard what the sender has heard from the receiver
 * @param length in bytes
 */
record Beacon(
    long nonce, InetAddress from, InetAddress to, boolean fullSize, Heard heard, int length) {
  /** The shortest length: a beacon without padding. */
  static final int MIN_LENGTH = 48;

  /** The first four bytes. */
  static final int MAGIC = 0x464c4e42;

  /** The longest length: no IP packet has room for more. */
  static final int MAX_LENGTH = RawSocket.MAX_PACKET;

  private static final byte VERSION = 1;
  private static final int ADDRESS = 16;
  private static final int FULL_SIZE = 1;

  /**
   * What one node has heard from another.
   *
   * @param small a small beacon
   * @param full a full-size one
   * @param all both, and that the other has heard both from it
   */
  record Heard(boolean small, boolean full, boolean all) {
    private static final int SMALL = 2;
    private static final int FULL = 4;
    private static final int ALL = 8;

    static final Heard NOTHING = new Heard(false, false, false);

    private int bits() {
      return (small ? SMALL : 0) | (full ? FULL : 0) | (all ? ALL : 0);
    }

    private static Heard of(int bits) {
      return new Heard((bits & SMALL) != 0, (bits & FULL) != 0, (bits & ALL) != 0);
    }

    private static boolean isWellFormed(int bits) {
      return (bits & ~(SMALL | FULL | ALL)) == 0;
    }
  }

  Beacon {
    if (length < MIN_LENGTH || length > MAX_LENGTH) {
      throw new IllegalArgumentException(
          "a beacon has %d to %d bytes, not %d".formatted(MIN_LENGTH, MAX_LENGTH, length));
    }
  }

  /** Writes it at the buffer's position. */
  void writeTo(ByteBuffer buffer) {
    int end = buffer.position() + length;
    buffer
        .putInt(MAGIC)
        .put(VERSION)
        .put((byte) ((fullSize ? FULL_SIZE : 0) | heard.bits()))
        .putShort((short) length)
        .putLong(nonce);
    put(buffer, from);
    put(buffer, to);
    while (buffer.position() < end) {
      buffer.put((byte) 0);
    }
  }

  /** Reads all remaining bytes; empty if they are not exactly one well-formed beacon. */
  static Optional<Beacon> read(ByteBuffer payload) {
    int length = payload.remaining();
    if (length < MIN_LENGTH
        || length > MAX_LENGTH
        || payload.getInt() != MAGIC
        || payload.get() != VERSION) {
      return Optional.empty();
    }
    int bits = Byte.toUnsignedInt(payload.get());
    int said = Short.toUnsignedInt(payload.getShort());
    if (said != length || !Heard.isWellFormed(bits & ~FULL_SIZE)) {
      return Optional.empty();
    }
    long nonce = payload.getLong();
    Optional<InetAddress> from = address(payload);
    Optional<InetAddress> to = address(payload);
    if (from.isEmpty() || to.isEmpty() || !onlyZeros(payload)) {
      return Optional.empty();
    }
    return Optional.of(
        new Beacon(
            nonce,
            from.get(),
            to.get(),
            (bits & FULL_SIZE) != 0,
            Heard.of(bits & ~FULL_SIZE),
            length));
  }

  private static void put(ByteBuffer buffer, InetAddress address) {
    byte[] bytes = address.getAddress();
    buffer.put(new byte[ADDRESS - bytes.length]).put(bytes);
  }

  private static Optional<InetAddress> address(ByteBuffer buffer) {
    byte[] bytes = new byte[ADDRESS];
    buffer.get(bytes);
    boolean ipv4 = true;
    for (int i = 0; i < ADDRESS - 4; i++) {
      ipv4 &= bytes[i] == 0;
    }
    try {
      InetAddress address =
          ipv4
              ? InetAddress.getByAddress(new byte[] {bytes[12], bytes[13], bytes[14], bytes[15]})
              : InetAddress.getByAddress(bytes);
      // Java made an IPv4-mapped IPv6 address an IPv4 one, which a beacon writes differently.
      return ipv4 || address.getAddress().length == ADDRESS
          ? Optional.of(address)
          : Optional.empty();
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address has 4 or 16 bytes", e);
    }
  }

  private static boolean onlyZeros(ByteBuffer rest) {
    while (rest.hasRemaining()) {
      if (rest.get() != 0) {
        return false;
      }
    }
    return true;
  }
}

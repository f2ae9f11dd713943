package io.flannel.operator.agent;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.OptionalInt;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The key that one node signs its requests to another with.
 *
 * <p>The signature is the nonce itself. To agents without a key any nonce is valid, so they answer
 * signed requests like unsigned ones.
 *
 * <pre>
 * tag    the lower 32 bits of SipHash, key 1, of the number and the packet's length
 * mask   the lower 32 bits of SipHash, key 2, of the tag
 * nonce  the number xor the mask, then the tag
 * </pre>
 *
 * Without the key, a nonce looks random: nobody can forge one, or predict the next one and answer
 * it. Both SipHash keys are derived from the network's key by HMAC-SHA-256 over the names of both
 * nodes, sender first, so a packet is valid only between these nodes and in this direction.
 * Addresses and ports are left out, because flannel's masquerading changes them.
 */
record PairKey(SipHash tags, SipHash masks) {
  private static final String PURPOSE = "flannel probe request 1";

  /** Derives the key that {@code from} uses toward {@code to}, both being Node names. */
  static PairKey of(NetworkKey key, String from, String to) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key.bytes(), "HmacSHA256"));
      String about = String.join("\0", PURPOSE, from, to);
      ByteBuffer derived =
          ByteBuffer.wrap(mac.doFinal(about.getBytes(StandardCharsets.UTF_8)))
              .order(ByteOrder.LITTLE_ENDIAN);
      return new PairKey(
          new SipHash(derived.getLong(), derived.getLong()),
          new SipHash(derived.getLong(), derived.getLong()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has HMAC-SHA-256", e);
    }
  }

  /**
   * Returns a nonce that proves who sent the request.
   *
   * @param number a different one for each request
   * @param length of the request's payload, in bytes
   */
  long nonce(int number, int length) {
    int tag = tag(number, length);
    return (long) (number ^ mask(tag)) << Integer.SIZE | Integer.toUnsignedLong(tag);
  }

  /** Returns the number in a nonce; empty if it was not made with this key and for this length. */
  OptionalInt number(long nonce, int length) {
    int tag = (int) nonce;
    int number = (int) (nonce >>> Integer.SIZE) ^ mask(tag);
    return tag(number, length) == tag ? OptionalInt.of(number) : OptionalInt.empty();
  }

  private int tag(int number, int length) {
    return (int) tags.of((long) number << Integer.SIZE | length);
  }

  private int mask(int tag) {
    return (int) masks.of(Integer.toUnsignedLong(tag));
  }
}

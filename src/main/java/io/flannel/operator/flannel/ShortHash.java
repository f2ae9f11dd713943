package io.flannel.operator.flannel;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Short hashes of contents, used in names: ten hexadecimal digits of SHA-256. */
public final class ShortHash {
  private ShortHash() {}

  /** Returns a hash that changes when one of the texts or their order does. */
  public static String of(String... texts) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      for (int i = 0; i < texts.length; i++) {
        if (i > 0) {
          sha.update((byte) 0);
        }
        sha.update(texts[i].getBytes(StandardCharsets.UTF_8));
      }
      return HexFormat.of().formatHex(sha.digest(), 0, 5);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}

package io.flannel.operator.agent;

import java.security.MessageDigest;

/** One of the network's keys; it is never printed. */
final class NetworkKey {
  private final byte[] bytes;

  NetworkKey(byte[] bytes) {
    this.bytes = bytes.clone();
  }

  byte[] bytes() {
    return bytes.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NetworkKey key && MessageDigest.isEqual(bytes, key.bytes);
  }

  @Override
  public int hashCode() {
    return bytes[0];
  }

  @Override
  public String toString() {
    return "a key";
  }
}

package io.flannel.operator.flannel;

/**
 * The Secret with the key by which node agents tell a peer's request from a forged one. It is in
 * the agents' namespace and mounted into their pods. It holds three keys: all agents know the next
 * key before any of them uses it, and the previous one until none does.
 */
public final class ProbeKey {
  /** The Secret's name. */
  public static final String SECRET = "flannel-probe-key";

  /** The entry whose key signs. */
  public static final String CURRENT = "current";

  /** The entry whose key signs after the next renewal. */
  public static final String NEXT = "next";

  /** The entry whose key signed before the last renewal. */
  public static final String PREVIOUS = "previous";

  /** Length of each key in bytes. */
  public static final int BYTES = 32;

  /** Where the Secret's entries are files in the agents' pods. */
  public static final String DIRECTORY = "/etc/flannel-probe-key";

  private ProbeKey() {}
}

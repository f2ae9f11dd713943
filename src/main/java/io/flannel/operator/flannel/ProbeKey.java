package io.flannel.operator.flannel;

/**
 * Where the key lies by which node agents tell a peer's request from a forged one: a Secret beside
 * the agents, mounted into them. It holds three keys, so that all agents know the next one before
 * any uses it, and the previous one until none does.
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

  /** The length of each key. */
  public static final int BYTES = 32;

  /** Where agents have the Secret's entries as files. */
  public static final String DIRECTORY = "/etc/flannel-probe-key";

  private ProbeKey() {}
}

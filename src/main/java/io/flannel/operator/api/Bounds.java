package io.flannel.operator.api;

/**
 * Limits on the lengths, sizes and counts in the custom resources. The schema uses these constants,
 * and so does whoever writes or reads such an object: readers accept what the schema admits, and
 * the schema admits what we write.
 *
 * <p>A FlannelNode at all its limits has less than 300 kB if its text is ASCII, and less than 1 MB
 * in any case; etcd takes 1.5 MB. The API server counts strings in Unicode characters; Java's
 * UTF-16 units are never fewer.
 */
public final class Bounds {
  /** Name of an object: a DNS subdomain. */
  public static final int NAME = 253;

  /**
   * Name of a FlannelNetwork: it is the value of a label on everything that belongs to the network.
   */
  public static final int NETWORK_NAME = 63;

  /** Prefix, slash and name of a label, a taint or a resource. */
  public static final int LABEL_KEY = 317;

  /** Value of a label. */
  public static final int LABEL_VALUE = 63;

  /** A quantity such as 100m. */
  public static final int QUANTITY = 64;

  /** A cause in one word. */
  public static final int REASON = 128;

  /** What happened, in the status of a FlannelNetwork: sentences. */
  public static final int MESSAGE = 4096;

  /** A value of the spec in words, such as all of flanneld's arguments. */
  public static final int VALUE = 1024;

  /** A hash, a version, a count such as 63/63. */
  public static final int SHORT_TEXT = 64;

  /** An image's tag or digest: sha512 and 128 digits. */
  public static final int IMAGE_VERSION = 136;

  /** A manifest of a FlannelNetwork with everything in it. */
  public static final int MANIFEST = 131_072;

  /** An RFC 3339 time, down to nanoseconds and with an offset. */
  public static final int TIME = 35;

  /** An IP address; IPv6 with an IPv4 address at its end. */
  public static final int ADDRESS = 45;

  /** An address with a prefix length. */
  public static final int CIDR = 49;

  /** An IPv4 range. */
  public static final int IPV4_CIDR = 18;

  /** An IPv6 range as RFC 5952 writes it. */
  public static final int IPV6_CIDR = 43;

  /** A MAC address. */
  public static final int MAC = 17;

  /** The kernel's name of a network device. */
  public static final int DEVICE = 15;

  /** The kernel's kind of a network device. */
  public static final int DEVICE_KIND = 32;

  /** What an agent saw, in a finding. */
  public static final int FINDING_MESSAGE = 1024;

  /** Peers of a node that its agent probes and reports. */
  public static final int PEERS = 128;

  /** Findings of a node. */
  public static final int FINDINGS = 64;

  /** Nodes that the status of a FlannelNetwork lists. */
  public static final int LISTED_NODES = 500;

  /** Nodes that a problem names. */
  public static final int NAMED_NODES = 50;

  /** Problems, conditions and differences: more than there are kinds of each. */
  public static final int KINDS = 64;

  /** The IPv4 packet, in bytes, that every host must accept. */
  public static final int SMALLEST_MTU = 576;

  /** What WireGuard, with the largest overhead, leaves of the longest IP packet, in bytes. */
  public static final int LARGEST_POD_MTU = 65_455;

  /** Linux' largest MTU is 65535; loopback has one more. */
  public static final int LARGEST_MTU = 65_536;

  /** An answer that takes longer than a second counts as lost; a minute is beyond any rounding. */
  public static final int LONGEST_RTT_MICROS = 60_000_000;

  /** A vxlan network identifier has 24 bits. */
  public static final int LARGEST_VNI = 16_777_215;

  /** The largest port. */
  public static final int LARGEST_PORT = 65_535;

  /** Nodes; more than any Kubernetes cluster has. */
  public static final int NODES = 1_000_000;

  /**
   * A generation, or seconds: the largest whole number that every JSON reader represents exactly.
   */
  public static final long WHOLE_NUMBER = 9_007_199_254_740_991L;

  /** Form of a {@link #TIME}. */
  public static final String TIME_FORM =
      "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
          + "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?"
          + "(Z|[+-][0-9]{2}:[0-9]{2})$";

  /** Form of an {@link #ADDRESS}. */
  public static final String ADDRESS_FORM = "^[0-9a-fA-F:.]{2,45}$";

  /** Form of a {@link #CIDR}. */
  public static final String CIDR_FORM = "^[0-9a-fA-F:.]{2,45}/[0-9]{1,3}$";

  /** Form of a {@link #MAC} address. */
  public static final String MAC_FORM = "^([0-9a-f]{2}:){5}[0-9a-f]{2}$";

  /** Form of a {@link #NAME}. */
  public static final String NAME_FORM =
      "^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

  /**
   * Line and paragraph separators, and what reverses the order of characters; as in a pattern's
   * brackets.
   */
  private static final String SEPARATORS_AND_DIRECTIONS =
      "\\x{61c}\\x{200e}\\x{200f}\\x{2028}-\\x{202e}\\x{2066}-\\x{2069}";

  /**
   * Characters that the name of a {@link #DEVICE} must not contain, as in a pattern's brackets. The
   * kernel refuses only slashes, colons and white space; what a {@link #TEXT_FORM} excludes is
   * excluded, too.
   */
  public static final String NOT_IN_DEVICE = "/\\x00-\\x20\\x7f-\\xa0" + SEPARATORS_AND_DIRECTIONS;

  /** Form of a {@link #DEVICE}. */
  public static final String DEVICE_FORM = "^[^" + NOT_IN_DEVICE + "]+$";

  /** Form of a {@link #REASON}, as in Kubernetes. */
  public static final String REASON_FORM = "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$";

  /**
   * Text that people can read on one line: no control characters (C0, DEL, C1), no line and
   * paragraph separators, and nothing that reverses the order of characters.
   */
  public static final String TEXT_FORM =
      "^[^\\x00-\\x1f\\x7f-\\x9f" + SEPARATORS_AND_DIRECTIONS + "]*$";

  private Bounds() {}
}

package io.flannel.operator.flannel;

import java.math.BigInteger;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A range of IPv4 or IPv6 addresses: all that share their first {@code prefix} bits.
 *
 * @param family the addresses' family
 * @param network the lowest address, as an unsigned number; the bits after the prefix are zero
 * @param prefix the number of leading bits that all addresses share, 0 to 32 or 128
 */
public record Cidr(Family family, BigInteger network, int prefix) {
  /** An address family. */
  public enum Family {
    IPV4(32),
    IPV6(128);

    private final int bits;

    Family(int bits) {
      this.bits = bits;
    }

    /** {@code IPv4} or {@code IPv6}, as people write it. */
    @Override
    public String toString() {
      return this == IPV4 ? "IPv4" : "IPv6";
    }

    /** The length of an address: 32 or 128. */
    public int bits() {
      return bits;
    }
  }

  /** Go's net.ParseIP rejects leading zeros, which some parsers read as octal. */
  private static final String DOTTED = "(0|[1-9][0-9]{0,2})([.](0|[1-9][0-9]{0,2})){3}";

  /** Maximum length of an address: an IPv6 one that ends with an IPv4 one. */
  private static final int LONGEST = 45;

  // ofLiteral accepts more than Kubernetes and flannel: brackets, zones, 10.1, 010.0.0.1, 00001::.
  private static final Pattern IPV4_TEXT = Pattern.compile(DOTTED);
  private static final Pattern IPV6_TEXT =
      Pattern.compile("([0-9a-fA-F]{0,4}:)+([0-9a-fA-F]{0,4}|" + DOTTED + ")");

  public Cidr {
    if (prefix < 0 || prefix > family.bits()) {
      throw new IllegalArgumentException(
          "a prefix of %s has 0 to %d bits, not %d".formatted(family, family.bits(), prefix));
    }
    network = masked(network, family.bits() - prefix);
  }

  /**
   * Reads {@code 10.244.0.0/16} or {@code fd00::/56}. Bits after the prefix are cleared, as flannel
   * does. An IPv4-mapped range ({@code ::ffff:10.0.0.0/104}) is rejected, as in Kubernetes.
   *
   * @throws IllegalArgumentException if it is not such a range
   */
  public static Cidr parse(String text) {
    int slash = text.indexOf('/');
    String digits = slash < 0 ? "" : text.substring(slash + 1);
    if (!digits.matches("0|[1-9][0-9]{0,2}")) {
      throw new IllegalArgumentException(
          "'%s' is no CIDR: write an address, a slash and a prefix length".formatted(cut(text)));
    }
    InetAddress address = literal(text.substring(0, slash));
    if (address instanceof Inet4Address && text.contains(":")) {
      throw new IllegalArgumentException(
          "'%s' is an IPv4-mapped IPv6 range: write it as an IPv4 range".formatted(text));
    }
    return new Cidr(familyOf(address), number(address), Integer.parseInt(digits));
  }

  /** Like {@link #parse}, but returns empty instead of throwing: for text that others wrote. */
  public static Optional<Cidr> tryParse(String text) {
    try {
      return Optional.of(parse(text));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /**
   * The range that holds just one address, such as {@code 192.168.0.81}. An IPv4-mapped address
   * ({@code ::ffff:192.168.0.81}) becomes the IPv4 address, as in Go.
   *
   * @throws IllegalArgumentException if it is not an IP address; names are never resolved
   */
  public static Cidr ofAddress(String address) {
    InetAddress parsed = literal(address);
    Family family = familyOf(parsed);
    return new Cidr(family, number(parsed), family.bits());
  }

  /** Like {@link #ofAddress}, but returns empty instead of throwing: for text that others wrote. */
  public static Optional<Cidr> tryAddress(String address) {
    try {
      return Optional.of(ofAddress(address));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** Whether every address of {@code other} is in this range. */
  public boolean contains(Cidr other) {
    return family == other.family
        && prefix <= other.prefix
        && network.equals(masked(other.network, family.bits() - prefix));
  }

  /** Whether the two have an address in common. */
  public boolean overlaps(Cidr other) {
    return contains(other) || other.contains(this);
  }

  /**
   * The lowest address, such as {@code 10.244.1.0}: flannel's address on a node's tunnel device.
   */
  public String base() {
    byte[] bytes = new byte[family.bits() / 8];
    byte[] digits = network.toByteArray();
    int length = Math.min(digits.length, bytes.length);
    System.arraycopy(digits, digits.length - length, bytes, bytes.length - length, length);
    try {
      return family == Family.IPV4
          ? InetAddress.getByAddress(bytes).getHostAddress()
          : shortened(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address of %d bytes".formatted(bytes.length), e);
    }
  }

  /** {@code 10.244.0.0/16}, {@code fd00::/56}; IPv6 as RFC 5952 writes it. */
  @Override
  public String toString() {
    return base() + "/" + prefix;
  }

  private static BigInteger masked(BigInteger address, int hostBits) {
    return address.shiftRight(hostBits).shiftLeft(hostBits);
  }

  private static InetAddress literal(String text) {
    try {
      // Matching needs stack in proportion to the length, so long texts are not matched.
      if (text.length() <= LONGEST
          && (IPV4_TEXT.matcher(text).matches() || IPV6_TEXT.matcher(text).matches())) {
        return InetAddress.ofLiteral(text);
      }
    } catch (IllegalArgumentException e) {
      // Reported below, in our words.
    }
    throw new IllegalArgumentException("'%s' is no IP address".formatted(cut(text)));
  }

  private static String cut(String text) {
    return text.length() <= 2 * LONGEST ? text : text.substring(0, 2 * LONGEST) + "…";
  }

  private static Family familyOf(InetAddress address) {
    return address instanceof Inet4Address ? Family.IPV4 : Family.IPV6;
  }

  private static BigInteger number(InetAddress address) {
    return new BigInteger(1, address.getAddress());
  }

  /** RFC 5952: no leading zeros, the first longest run of two or more zero groups as {@code ::}. */
  private static String shortened(byte[] bytes) {
    String[] groups = new String[8];
    for (int i = 0; i < groups.length; i++) {
      groups[i] = Integer.toHexString((bytes[2 * i] & 0xff) << 8 | (bytes[2 * i + 1] & 0xff));
    }
    int start = 0;
    int longest = 1;
    for (int i = 0; i < groups.length; i++) {
      int end = i;
      while (end < groups.length && groups[end].equals("0")) {
        end++;
      }
      if (end - i > longest) {
        start = i;
        longest = end - i;
      }
    }
    if (longest < 2) {
      return String.join(":", groups);
    }
    return String.join(":", Arrays.copyOfRange(groups, 0, start))
        + "::"
        + String.join(":", Arrays.copyOfRange(groups, start + longest, groups.length));
  }
}

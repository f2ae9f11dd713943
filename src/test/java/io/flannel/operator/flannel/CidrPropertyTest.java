package io.flannel.operator.flannel;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;

/** Compares ranges with independent oracles: bits in strings, and the JDK's addresses. */
class CidrPropertyTest {
  @Property(tries = 1000)
  void cidrIsReadBackAsWritten(@ForAll("cidrs") Cidr cidr) {
    assertThat(Cidr.parse(cidr.toString())).isEqualTo(cidr);
  }

  @Property
  void aRangesBitsAreTheAddresssFirstOnes(
      @ForAll("addresses") byte[] address, @ForAll("prefixes") int anyPrefix)
      throws UnknownHostException {
    int prefix = anyPrefix % (address.length * 8 + 1);
    InetAddress jdk = InetAddress.getByAddress(address);
    Cidr cidr = Cidr.parse(jdk.getHostAddress() + "/" + prefix);

    assertThat(bits(InetAddress.getByName(cidr.base()).getAddress()))
        .isEqualTo(bits(address).substring(0, prefix) + "0".repeat(address.length * 8 - prefix));
    assertThat(cidr.prefix()).isEqualTo(prefix);
  }

  @Property(tries = 1000)
  void containsIsAQuestionOfTheFirstBits(@ForAll("neighbours") List<Cidr> two) {
    Cidr one = two.get(0);
    Cidr other = two.get(1);
    boolean expected =
        one.family() == other.family()
            && other.prefix() >= one.prefix()
            && bits(other).substring(0, one.prefix()).equals(bits(one).substring(0, one.prefix()));
    assertThat(one.contains(other)).isEqualTo(expected);
  }

  @Property(tries = 1000)
  void overlapsIsAQuestionOfFirstAndLastAddress(@ForAll("neighbours") List<Cidr> two) {
    Cidr one = two.get(0);
    Cidr other = two.get(1);
    boolean expected =
        one.family() == other.family()
            && one.network().compareTo(last(other)) <= 0
            && other.network().compareTo(last(one)) <= 0;
    assertThat(one.overlaps(other)).isEqualTo(expected);
    assertThat(other.overlaps(one)).isEqualTo(expected);
  }

  @Property
  void containsIsAnOrder(@ForAll("neighbours") List<Cidr> two, @ForAll("cidrs") Cidr third) {
    Cidr one = two.get(0);
    Cidr other = two.get(1);
    assertThat(one.contains(one)).isTrue();
    if (one.contains(other) && other.contains(one)) {
      assertThat(one).isEqualTo(other);
    }
    for (Cidr wide : List.of(one, other, third)) {
      Cidr around = new Cidr(wide.family(), wide.network(), wide.prefix() / 2);
      if (wide.contains(other)) {
        assertThat(around.contains(other)).isTrue();
      }
    }
  }

  @Property
  void ipv6TextIsTheShortest(@ForAll("ipv6Addresses") byte[] address) throws UnknownHostException {
    String text = new Cidr(Cidr.Family.IPV6, new BigInteger(1, address), 128).base();
    List<String> groups =
        IntStream.range(0, 8)
            .mapToObj(
                i -> Integer.toHexString((address[2 * i] & 0xff) << 8 | address[2 * i + 1] & 0xff))
            .toList();
    assertThat(text).isEqualTo(rfc5952(groups));
    assertThat(sixteenBytes(text)).isEqualTo(address);
  }

  @Property
  void anAddressIsTheRangeOfItsFullLength(@ForAll("addresses") byte[] address)
      throws UnknownHostException {
    String text = InetAddress.getByAddress(address).getHostAddress();
    assertThat(Cidr.ofAddress(text)).isEqualTo(Cidr.parse(text + "/" + address.length * 8));
  }

  /** Tries every run of zeros that can be shortened, the longest and then the leftmost first. */
  private static String rfc5952(List<String> groups) {
    for (int length = 8; length >= 2; length--) {
      for (int start = 0; start + length <= 8; start++) {
        if (groups.subList(start, start + length).stream().allMatch("0"::equals)) {
          return String.join(":", groups.subList(0, start))
              + "::"
              + String.join(":", groups.subList(start + length, 8));
        }
      }
    }
    return String.join(":", groups);
  }

  private static byte[] sixteenBytes(String text) throws UnknownHostException {
    byte[] address = InetAddress.getByName(text).getAddress();
    if (address.length == 16) {
      return address;
    }
    byte[] mapped = new byte[16];
    mapped[10] = mapped[11] = (byte) 0xff;
    System.arraycopy(address, 0, mapped, 12, 4);
    return mapped;
  }

  private static String bits(byte[] address) {
    return IntStream.range(0, address.length)
        .mapToObj(i -> Integer.toBinaryString(address[i] & 0xff | 0x100).substring(1))
        .collect(Collectors.joining());
  }

  private static String bits(Cidr cidr) {
    String bits = cidr.network().toString(2);
    return "0".repeat(cidr.family().bits() - bits.length()) + bits;
  }

  private static BigInteger last(Cidr cidr) {
    int hostBits = cidr.family().bits() - cidr.prefix();
    return cidr.network().add(BigInteger.TWO.pow(hostBits)).subtract(BigInteger.ONE);
  }

  /**
   * IPv4 and IPv6 addresses with many zeros, but no IPv4-mapped ones, which the JDK reads as IPv4.
   */
  @Provide
  Arbitrary<byte[]> addresses() {
    return Arbitraries.oneOf(bytes(4), ipv6Addresses())
        .filter(address -> address.length == 4 || !mapped(address));
  }

  @Provide
  Arbitrary<byte[]> ipv6Addresses() {
    return bytes(16);
  }

  @Provide
  Arbitrary<Integer> prefixes() {
    return Arbitraries.integers().between(0, 128);
  }

  @Provide
  Arbitrary<Cidr> cidrs() {
    return Combinators.combine(addresses(), prefixes())
        .as(
            (address, prefix) ->
                new Cidr(
                    address.length == 4 ? Cidr.Family.IPV4 : Cidr.Family.IPV6,
                    new BigInteger(1, address),
                    prefix % (address.length * 8 + 1)))
        .filter(
            cidr ->
                cidr.family() == Cidr.Family.IPV4
                    || !cidr.network().shiftRight(32).equals(BigInteger.valueOf(0xffff)));
  }

  /** Two ranges; often the second shares bits with the first. */
  @Provide
  Arbitrary<List<Cidr>> neighbours() {
    Arbitrary<List<Cidr>> near =
        Combinators.combine(cidrs(), prefixes(), prefixes())
            .as(
                (cidr, prefix, flipped) -> {
                  int bits = cidr.family().bits();
                  BigInteger other = cidr.network().flipBit(flipped % bits);
                  return List.of(cidr, new Cidr(cidr.family(), other, prefix % (bits + 1)));
                });
    return Arbitraries.oneOf(near, Combinators.combine(cidrs(), cidrs()).as(List::of));
  }

  private static Arbitrary<byte[]> bytes(int length) {
    return Arbitraries.frequencyOf(
            Tuple.of(2, Arbitraries.just((byte) 0)), Tuple.of(1, Arbitraries.bytes()))
        .array(byte[].class)
        .ofSize(length);
  }

  private static boolean mapped(byte[] address) {
    return Arrays.equals(Arrays.copyOf(address, 10), new byte[10])
        && Stream.of(10, 11).allMatch(i -> address[i] == (byte) 0xff);
  }
}

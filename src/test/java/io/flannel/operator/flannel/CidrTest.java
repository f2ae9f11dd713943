package io.flannel.operator.flannel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CidrTest {
  @ParameterizedTest(name = "{0} is written {1}")
  @CsvSource({
    "10.244.0.0/16, 10.244.0.0/16",
    "10.244.3.7/16, 10.244.0.0/16",
    "0.0.0.0/0, 0.0.0.0/0",
    "255.255.255.255/32, 255.255.255.255/32",
    "10.244.1.255/25, 10.244.1.128/25",
    "FD00:10:244::7/56, fd00:10:244::/56",
    "::/0, ::/0",
    "::1/128, ::1/128",
  })
  void bitsBehindThePrefixAreCleared(String text, String written) {
    assertThat(Cidr.parse(text)).hasToString(written);
  }

  /** The examples of RFC 5952, sections 1, 2 and 4. */
  @ParameterizedTest(name = "{0} is written {1}")
  @CsvSource({
    "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
    "2001:0db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
    "2001:db8::1:0:0:1, 2001:db8::1:0:0:1",
    "2001:0db8::0001, 2001:db8::1",
    "2001:db8::0:1, 2001:db8::1",
    "2001:db8:0:0:0:0:2:1, 2001:db8::2:1",
    "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
    "2001:db8::1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
    "2001:0:0:1:0:0:0:1, 2001:0:0:1::1",
    "2001:DB8:AAAA:BBBB:CCCC:DDDD:EEEE:1, 2001:db8:aaaa:bbbb:cccc:dddd:eeee:1",
    "1:2:3:4:5:6:0:0, 1:2:3:4:5:6::",
    "0:0:3:4:5:6:7:8, ::3:4:5:6:7:8",
    "64:ff9b::192.0.2.33, 64:ff9b::c000:221",
    "::1.2.3.4, ::102:304",
  })
  void ipv6IsWrittenAsRfc5952Says(String text, String written) {
    assertThat(Cidr.ofAddress(text).base()).isEqualTo(written);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "/16",
        "10.244.0.0",
        "10.244.0.0/",
        "10.244.0.0/33",
        "10.244.0.0/-1",
        "10.244.0.0/016",
        "10.244.0.0/+16",
        "10.244.0.0/1e1",
        "10.244.0.0/16/16",
        "10.1/16",
        "10/8",
        "010.0.0.0/8",
        "10.00.0.0/8",
        "08.0.0.0/8",
        "0x0a.0.0.0/8",
        "10.244.0.256/16",
        " 10.244.0.0/16",
        "10.244.0.0/16 ",
        "10.244.0.0 /16",
        "10.244.0.0/16\n",
        "10.244.0.0./16",
        "10.244.0.0.0/16",
        "fd00::/129",
        "fd00::/0129",
        "[fd00::]/56",
        "fe80::%eth0/64",
        "fe80::1%1/64",
        "1::2::3/64",
        "1:2:3:4:5:6:7/64",
        "1:2:3:4:5:6:7:8:9/64",
        "12345::/64",
        "00001::/64",
        ":::/64",
        "::ffff:10.0.0.0/104",
        "::ffff:10.0.0.0/16",
        "::ffff:a00:0/104",
        "64:ff9b::010.0.0.1/128",
        "::10.1/128",
        "localhost/8",
        "example.com/8",
        "١٠.0.0.0/8",
        "10.244.0.0/99999999999"
      })
  void whatKubernetesAndGoRefuseIsNoRange(String text) {
    assertThat(Cidr.tryParse(text)).isEmpty();
    assertThatThrownBy(() -> Cidr.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "10.1",
        "010.0.0.1",
        "10.0.0.1/32",
        "[::1]",
        "::1%lo",
        "localhost",
        "0",
        " ::1"
      })
  void whatGoRefusesIsNoAddress(String text) {
    assertThat(Cidr.tryAddress(text)).isEmpty();
  }

  @Test
  void anIpv4MappedAddressIsTheIpv4AddressAsInGo() {
    assertThat(Cidr.ofAddress("::ffff:192.168.0.81")).isEqualTo(Cidr.ofAddress("192.168.0.81"));
    assertThat(Cidr.ofAddress("::ffff:c0a8:51")).isEqualTo(Cidr.ofAddress("192.168.0.81"));
  }

  @Test
  void anIpv4MappedRangeIsRefusedInWordsThatSayWhatToWrite() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Cidr.parse("::ffff:10.0.0.0/104"))
        .withMessage(
            "'::ffff:10.0.0.0/104' is an IPv4-mapped IPv6 range: write it as an IPv4 range");
  }

  @Test
  void errorInACidrIsNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Cidr.parse("10.244.0.0"))
        .withMessage("'10.244.0.0' is no CIDR: write an address, a slash and a prefix length");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Cidr.parse("10.1/16"))
        .withMessage("'10.1' is no IP address");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Cidr.parse("/16"))
        .withMessage("'' is no IP address");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Cidr.parse("10.0.0.0/33"))
        .withMessage("a prefix of IPv4 has 0 to 32 bits, not 33");
  }

  @Test
  void familiesNeverOverlap() {
    Cidr allIpv4 = Cidr.parse("0.0.0.0/0");
    Cidr allIpv6 = Cidr.parse("::/0");
    assertThat(allIpv4.overlaps(allIpv6)).isFalse();
    assertThat(allIpv6.contains(allIpv4)).isFalse();
    assertThat(allIpv6.contains(new Cidr(Cidr.Family.IPV4, BigInteger.ZERO, 32))).isFalse();
  }
}

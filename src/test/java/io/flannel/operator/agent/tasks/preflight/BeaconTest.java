package io.flannel.operator.agent.tasks.preflight;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.agent.tasks.preflight.Beacon.Heard;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Well-formed beacons are read, bare and in each framing, and nothing else is. */
class BeaconTest {
  private static final List<Encapsulator> FRAMINGS =
      List.of(
          new Encapsulator.Ipip(),
          new Encapsulator.Vxlan(8472, 0xffffff),
          new Encapsulator.Wireguard(51820));

  @Property
  void beaconIsReadBackAsWritten(@ForAll("beacons") Beacon beacon) {
    assertThat(Beacon.read(written(beacon))).contains(beacon);
  }

  @Property
  void sentBeaconIsReadBackBehindAnyIpHeader(
      @ForAll("beacons") Beacon beacon,
      @ForAll("framings") Encapsulator framing,
      @ForAll @IntRange(min = 5, max = 15) int headerWords) {
    ByteBuffer onTheWire = received(framing, beacon, headerWords);

    assertThat(framing.read(onTheWire, false)).contains(beacon);
  }

  @Property
  void aFlippedBitOfABeaconIsNoticedUnlessItIsOneOfItsFields(
      @ForAll("beacons") Beacon beacon, @ForAll @IntRange(max = 100_000) int anyBit) {
    ByteBuffer packet = written(beacon);
    int bit = anyBit % (8 * beacon.length());
    packet.put(bit / 8, (byte) (packet.get(bit / 8) ^ 1 << bit % 8));

    var read = Beacon.read(packet);

    boolean inFields = bit / 8 == 5 || bit / 8 >= 8 && bit / 8 < Beacon.MIN_LENGTH;
    assertThat(read).isNotEqualTo(Optional.of(beacon));
    if (!inFields) {
      assertThat(read).isEmpty();
    }
  }

  @Property
  void aPacketThatWasCutOrPaddedIsNone(
      @ForAll("beacons") Beacon beacon, @ForAll @IntRange(max = 2000) int other) {
    ByteBuffer packet = ByteBuffer.allocate(2000).put(written(beacon)).limit(other).position(0);

    assertThat(Beacon.read(packet).isPresent()).isEqualTo(other == beacon.length());
  }

  @Property
  void noiseIsNoneInAnyFraming(
      @ForAll @Size(max = 200) byte[] noise,
      @ForAll("framings") Encapsulator framing,
      @ForAll boolean ipv6) {
    assertThat(framing.read(ByteBuffer.wrap(noise), ipv6)).isEmpty();
  }

  @Property
  void aFramedBeaconThatWasCutIsNone(
      @ForAll("beacons") Beacon beacon,
      @ForAll("framings") Encapsulator framing,
      @ForAll @IntRange(max = 2000) int other) {
    ByteBuffer onTheWire = received(framing, beacon, 5);
    int whole = onTheWire.limit();

    assertThat(framing.read(onTheWire.limit(Math.min(other, whole)), false).isPresent())
        .isEqualTo(other >= whole);
  }

  @Property
  void oneFramingsPacketsAreNoneOfAnother(
      @ForAll("beacons") Beacon beacon,
      @ForAll("framings") Encapsulator one,
      @ForAll("framings") Encapsulator other) {
    assertThat(other.read(received(one, beacon, 5), false).isPresent()).isEqualTo(one == other);
  }

  @Property
  void theInnerHeaderOfIpipHasAChecksumThatIsRight(@ForAll("beacons") Beacon beacon) {
    ByteBuffer packet = ByteBuffer.allocate(2000);
    new Encapsulator.Ipip().write(beacon, packet);
    int sum = 0;
    for (int at = 0; at < Encapsulator.IPV4_HEADER; at += 2) {
      sum += Short.toUnsignedInt(packet.getShort(at));
    }
    // RFC 1071: with the checksum in it, the ones' complement sum is all ones.
    assertThat((sum & 0xffff) + (sum >>> 16)).isEqualTo(0xffff);
  }

  /** The packet as a raw IPv4 socket receives it. */
  private static ByteBuffer received(Encapsulator framing, Beacon beacon, int headerWords) {
    ByteBuffer packet = ByteBuffer.allocate(2100);
    packet.put((byte) (0x40 | headerWords)).position(headerWords * 4);
    if (framing.protocol() == RawSocket.UDP) {
      int port =
          framing instanceof Encapsulator.Vxlan vxlan
              ? vxlan.port()
              : ((Encapsulator.Wireguard) framing).port();
      packet.putShort((short) 40_000).putShort((short) port).putInt(0);
    }
    framing.write(beacon, packet);
    return packet.flip();
  }

  private static ByteBuffer written(Beacon beacon) {
    ByteBuffer packet = ByteBuffer.allocate(beacon.length());
    beacon.writeTo(packet);
    return packet.flip();
  }

  @Provide
  Arbitrary<Encapsulator> framings() {
    return Arbitraries.of(FRAMINGS);
  }

  @Provide
  Arbitrary<Beacon> beacons() {
    return Combinators.combine(
            Arbitraries.longs(),
            addresses(),
            addresses(),
            Arbitraries.of(true, false),
            Arbitraries.integers().between(0, 7),
            Arbitraries.integers().between(Beacon.MIN_LENGTH, 1500))
        .as(
            (nonce, from, to, fullSize, heard, length) ->
                new Beacon(
                    nonce,
                    from,
                    to,
                    fullSize,
                    new Heard((heard & 1) != 0, (heard & 2) != 0, (heard & 4) != 0),
                    length));
  }

  /** ipip carries only IPv4. */
  private static Arbitrary<InetAddress> addresses() {
    return Arbitraries.integers()
        .between(0, 255)
        .list()
        .ofSize(4)
        .map(
            it ->
                InetAddress.ofLiteral(
                    "%d.%d.%d.%d".formatted(it.get(0), it.get(1), it.get(2), it.get(3))));
  }
}

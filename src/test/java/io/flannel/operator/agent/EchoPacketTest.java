package io.flannel.operator.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.agent.EchoPacket.Kind;
import java.nio.ByteBuffer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Well-formed packets are read, and nothing else is. */
class EchoPacketTest {
  private final ByteBuffer zeros = ByteBuffer.allocate(EchoPacket.MAX_LENGTH);

  @Property
  void packetIsReadBackAsWritten(
      @ForAll Kind kind,
      @ForAll long nonce,
      @ForAll @IntRange(min = EchoPacket.MIN_LENGTH, max = EchoPacket.MAX_LENGTH) int length) {
    EchoPacket packet = new EchoPacket(kind, nonce, length);

    assertThat(EchoPacket.read(written(packet))).contains(packet);
  }

  @Property
  void anAnswerIsExactlyAsLongAsItsRequest(
      @ForAll long nonce, @ForAll @IntRange(min = EchoPacket.MIN_LENGTH, max = 9000) int length) {
    ByteBuffer request = written(new EchoPacket(Kind.REQUEST, nonce, length));
    int asked = request.remaining();
    EchoPacket answer = EchoPacket.read(request).orElseThrow().answer();

    assertThat(written(answer).remaining()).isEqualTo(asked);
    assertThat(answer).isEqualTo(new EchoPacket(Kind.ANSWER, nonce, length));
  }

  @Property
  void aFlippedBitIsNoticedUnlessItIsOfTheNonce(
      @ForAll @IntRange(min = EchoPacket.MIN_LENGTH, max = 200) int length,
      @ForAll @IntRange(max = 1599) int anyBit) {
    int bit = anyBit % (8 * length);
    ByteBuffer packet = written(new EchoPacket(Kind.REQUEST, 7, length));
    packet.put(bit / 8, (byte) (packet.get(bit / 8) ^ 1 << bit % 8));

    var read = EchoPacket.read(packet);

    if (bit / 8 >= 8 && bit / 8 < 16) {
      assertThat(read.orElseThrow().nonce()).isNotEqualTo(7);
    } else {
      assertThat(read).isEmpty();
    }
  }

  @Property
  void aPacketThatWasCutOrPaddedIsNone(
      @ForAll @IntRange(min = EchoPacket.MIN_LENGTH, max = 200) int length,
      @ForAll @IntRange(max = 300) int other) {
    ByteBuffer packet = written(new EchoPacket(Kind.REQUEST, 7, length));
    packet.limit(other);

    assertThat(EchoPacket.read(packet).isPresent()).isEqualTo(other == length);
  }

  @Property
  void noiseIsNone(@ForAll @Size(max = 100) byte[] noise) {
    assertThat(EchoPacket.read(ByteBuffer.wrap(noise))).isEmpty();
  }

  @Property
  void noiseBehindAGoodBeginningNeverThrows(@ForAll @Size(max = 100) byte[] noise) {
    ByteBuffer packet = ByteBuffer.allocate(5 + noise.length);
    packet.put(written(new EchoPacket(Kind.REQUEST, 0, 16)).slice(0, 5)).put(noise).flip();

    EchoPacket.read(packet)
        .ifPresent(read -> assertThat(read.length()).isEqualTo(5 + noise.length));
  }

  private ByteBuffer written(EchoPacket packet) {
    ByteBuffer clean = zeros.clear().put(0, new byte[EchoPacket.MAX_LENGTH]);
    packet.writeTo(clean);
    return clean;
  }
}

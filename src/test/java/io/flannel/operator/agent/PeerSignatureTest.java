package io.flannel.operator.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.agent.EchoPacket.Kind;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

/**
 * What one node signs for another only that node accepts, once, and agents without a key find it
 * well-formed.
 */
class PeerSignatureTest {
  private static final long NOW = 1_800_000_000_000L;
  private static final NetworkKey ONE = key(1);
  private static final NetworkKey TWO = key(2);
  private static final NetworkKey THREE = key(3);
  private static final NetworkKey FOUR = key(4);

  private final PeerSignature here = signature("node-1", "node-2", ONE, TWO, THREE);
  private final PeerSignature there = signature("node-2", "node-1", ONE, TWO, THREE);

  @Property
  void whatOneSignsTheOtherKnows(
      @ForAll @IntRange(min = EchoPacket.MIN_LENGTH, max = EchoPacket.MAX_LENGTH) int length,
      @ForAll @LongRange(min = 0, max = 4_000_000_000_000L) long millis) {
    PeerSignature sender = signature("node-1", "node-2", ONE);
    PeerSignature receiver = signature("node-2", "node-1", ONE);

    for (int i = 0; i < 3; i++) {
      EchoPacket request = request(sender, length, millis + i);
      assertThat(receiver.isGenuine(request)).isTrue();
      assertThat(receiver.isGenuine(request)).as("a second time").isFalse();
    }
  }

  @Property
  void noChangedBitAndNoOtherLengthIsSigned(
      @ForAll @IntRange(min = 16, max = 1500) int length,
      @ForAll @IntRange(max = 63) int bit,
      @ForAll @IntRange(min = 16, max = 1500) int other) {
    EchoPacket request = request(here, length, NOW);

    assertThat(there.isGenuine(request(request.nonce() ^ 1L << bit, length))).isFalse();
    if (other != length) {
      assertThat(there.isGenuine(request(request.nonce(), other))).isFalse();
    }
  }

  @Property(tries = 10_000)
  void noRandomNonceIsSigned(@ForAll long nonce) {
    assertThat(there.isGenuine(request(nonce, 36))).isFalse();
  }

  /** Agents from before signing keys understand new agents, and the other way round. */
  @Property
  void anAgentWithoutAKeySeesARequestAsAny(
      @ForAll @IntRange(min = EchoPacket.MIN_LENGTH, max = 9000) int length, @ForAll long random) {
    EchoPacket request = request(here, length, NOW);
    ByteBuffer sent = ByteBuffer.allocate(EchoPacket.MAX_LENGTH);
    request.writeTo(sent);
    EarlierEchoPacket read = EarlierEchoPacket.read(sent).orElseThrow();
    ByteBuffer back = ByteBuffer.allocate(EchoPacket.MAX_LENGTH);
    read.answer().writeTo(back);
    assertThat(EchoPacket.read(back)).contains(request.answer());

    ByteBuffer its = ByteBuffer.allocate(EchoPacket.MAX_LENGTH);
    new EarlierEchoPacket(EarlierEchoPacket.Kind.REQUEST, random, length).writeTo(its);
    EchoPacket asked = EchoPacket.read(its).orElseThrow();
    assertThat(there.isGenuine(asked)).isFalse();
    ByteBuffer answer = ByteBuffer.allocate(EchoPacket.MAX_LENGTH);
    asked.answer().writeTo(answer);
    assertThat(EarlierEchoPacket.read(answer))
        .contains(new EarlierEchoPacket(EarlierEchoPacket.Kind.ANSWER, random, length));
  }

  @Example
  void noPacketCountsBetweenOthersOrTheOtherWay() {
    EchoPacket request = request(here, 36, NOW);

    assertThat(signature("node-1", "node-2", ONE).isGenuine(request)).as("sent back").isFalse();
    assertThat(signature("node-3", "node-1", ONE).isGenuine(request)).as("to another").isFalse();
    assertThat(signature("node-2", "node-3", ONE).isGenuine(request)).as("as another's").isFalse();
    assertThat(signature("node-2", "node-1", FOUR).isGenuine(request)).as("by a key").isFalse();
    assertThat(there.isGenuine(request)).isTrue();
  }

  @Example
  void nothingIsSignedWithoutAKey() {
    PeerSignature none = new PeerSignature("node-1", "node-2");
    assertThat(none.sign(36, NOW)).isEmpty();
    none.use(keys(ONE));
    assertThat(none.sign(36, NOW)).isPresent();
    none.use(ProbeKeys.NONE);
    assertThat(none.sign(36, NOW)).isEmpty();
  }

  @Example
  void aRenewalIsUnderstoodByWhoHasItAndByWhoHasNot() {
    here.use(keys(TWO, FOUR, ONE));
    assertThat(there.isGenuine(request(here, 36, NOW))).as("not renewed yet").isTrue();
    assertThat(here.isGenuine(request(there, 36, NOW))).as("from one not renewed").isTrue();

    EchoPacket before = request(there, 36, NOW + 1);
    assertThat(here.isGenuine(before)).isTrue();
    there.use(keys(TWO, FOUR, ONE));
    assertThat(here.isGenuine(request(there, 36, NOW + 2))).as("both renewed").isTrue();
    assertThat(here.isGenuine(before)).as("replayed across a renewal").isFalse();

    here.use(keys(FOUR, THREE, TWO));
    assertThat(here.isGenuine(before)).as("by a key that is gone").isFalse();
  }

  @Example
  void anAgentThatRestartsGoesOnWithHigherNumbers() {
    EchoPacket last = null;
    // Ten seconds of requests, sent faster than any agent does.
    for (int i = 0; i < 190; i++) {
      last = request(here, 36, NOW + i * 53L);
      assertThat(there.isGenuine(last)).isTrue();
    }
    PeerSignature restarted = signature("node-1", "node-2", ONE, TWO, THREE);

    assertThat(there.isGenuine(request(restarted, 36, NOW + 190 * 53L))).isTrue();
    assertThat(there.isGenuine(last)).isFalse();
  }

  @Example
  void aPeerThatWasAwayForDaysIsKnownFromItsSecondRequestOn() {
    there.isGenuine(request(here, 36, NOW));
    long later = NOW + Duration.ofDays(2).toMillis();

    there.isGenuine(request(here, 36, later));
    assertThat(there.isGenuine(request(here, 36, later + 2000))).isTrue();
  }

  @Example
  void aClockThatJumpsBackDoesNoHarm() {
    assertThat(there.isGenuine(request(here, 36, NOW))).isTrue();
    assertThat(there.isGenuine(request(here, 36, NOW - Duration.ofDays(9).toMillis()))).isTrue();
    assertThat(there.isGenuine(request(here, 36, 0))).isTrue();
  }

  @Example
  void noncesLookRandom() {
    // About half of the bits differ between consecutive nonces, and no bit is constant.
    long ones = 0;
    long zeros = 0;
    int differing = 0;
    long before = here.sign(36, NOW).orElseThrow();
    for (int i = 0; i < 1000; i++) {
      long nonce = here.sign(36, NOW).orElseThrow();
      ones |= nonce;
      zeros |= ~nonce;
      differing += Long.bitCount(nonce ^ before);
      before = nonce;
    }
    assertThat(ones).isEqualTo(-1);
    assertThat(zeros).isEqualTo(-1);
    assertThat(differing).isBetween(31_000, 33_000);
  }

  private static EchoPacket request(PeerSignature from, int length, long millis) {
    return request(from.sign(length, millis).orElseThrow(), length);
  }

  private static EchoPacket request(long nonce, int length) {
    return new EchoPacket(Kind.REQUEST, nonce, length);
  }

  private static PeerSignature signature(String own, String peer, NetworkKey... keys) {
    PeerSignature signature = new PeerSignature(own, peer);
    signature.use(keys(keys));
    return signature;
  }

  static ProbeKeys keys(NetworkKey... keys) {
    return new ProbeKeys(Optional.of(keys[0]), List.of(keys));
  }

  static NetworkKey key(int seed) {
    byte[] bytes = new byte[32];
    new Random(seed).nextBytes(bytes);
    return new NetworkKey(bytes);
  }
}

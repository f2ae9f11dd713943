package io.flannel.operator.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares SipHash-2-4 with other implementations. */
class SipHashTest {
  /**
   * The first vector is from the authors' {@code vectors_sip64}. OpenSSL printed the others: {@code
   * openssl mac -macopt hexkey:KEY -macopt size:8 -in MESSAGE SIPHASH}.
   */
  @ParameterizedTest
  @CsvSource({
    "000102030405060708090a0b0c0d0e0f, 0001020304050607, 6224939a79f5f593",
    "ffeeddccbbaa99887766554433221100, 0001020304050607, f00a6f8d4152f456",
    "000102030405060708090a0b0c0d0e0f, 0000000000000000, a78176a01c85d339",
    "ffeeddccbbaa99887766554433221100, 0000000000000000, f957e7e28d446d99",
    "000102030405060708090a0b0c0d0e0f, ffffffffffffffff, 34dad9a330ff682a",
    "ffeeddccbbaa99887766554433221100, ffffffffffffffff, 3eb3208ad4bdc69b",
    "000102030405060708090a0b0c0d0e0f, 0123456789abcdef, 643439df0fcfafdd",
    "ffeeddccbbaa99887766554433221100, 0123456789abcdef, df44a81dfa42e4c2",
  })
  void itIsWhatOthersMakeOfIt(String key, String message, String hash) {
    ByteBuffer keys = bytes(key);

    assertThat(new SipHash(keys.getLong(), keys.getLong()).of(bytes(message).getLong()))
        .isEqualTo(bytes(hash).getLong());
  }

  private static ByteBuffer bytes(String hex) {
    return ByteBuffer.wrap(HexFormat.of().parseHex(hex)).order(ByteOrder.LITTLE_ENDIAN);
  }
}

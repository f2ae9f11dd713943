package io.flannel.operator.web.metricsserver;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import org.junit.jupiter.api.Test;

/** The certificate for installations that configure none, as the JDK reads it. */
class SelfSignedTest {
  private static final Instant NOW = Instant.parse("2026-11-26T12:00:00Z");

  @Test
  void certificateIsForTheServersAddressAndValidOnAClockThatIsBehind() throws Exception {
    X509Certificate certificate = read(SelfSigned.certificate("192.168.0.81", NOW));
    certificate.checkValidity(Date.from(NOW.minusSeconds(60)));
    certificate.verify(certificate.getPublicKey());
    assertThat(certificate.getSubjectAlternativeNames())
        .singleElement()
        .asList()
        .containsExactly(7, "192.168.0.81");
    assertThat(certificate.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.1");
  }

  @Test
  void certificateIsForAnIpv6AddressToo() throws Exception {
    X509Certificate certificate = read(SelfSigned.certificate("fd00:192:168::81", NOW));
    assertThat(certificate.getSubjectAlternativeNames())
        .singleElement()
        .asList()
        .containsExactly(7, "fd00:192:168:0:0:0:0:81");
  }

  @Test
  void certificateIsAnotherEachTime() throws Exception {
    assertThat(SelfSigned.certificate("192.168.0.81", NOW))
        .isNotEqualTo(SelfSigned.certificate("192.168.0.81", NOW));
  }

  private static X509Certificate read(PemCertificate made) throws Exception {
    byte[] pem = made.chain();
    return (X509Certificate)
        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(pem));
  }
}

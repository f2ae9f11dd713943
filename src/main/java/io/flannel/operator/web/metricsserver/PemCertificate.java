package io.flannel.operator.web.metricsserver;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.PemKeyCertOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import javax.net.ssl.KeyManager;
import javax.net.ssl.X509KeyManager;
import org.jspecify.annotations.Nullable;

/**
 * What the server shows for itself: a certificate, with those that vouch for it behind it, and its
 * private key, both as PEM.
 */
final class PemCertificate {
  private final byte[] chain;
  private final byte[] key;

  PemCertificate(byte[] chain, byte[] key) {
    this.chain = chain.clone();
    this.key = key.clone();
  }

  /**
   * From a mounted Secret of type kubernetes.io/tls. Kubelet renews its files by turning a link
   * from one directory to another: both are read where that leads, so that they belong together.
   *
   * @throws IOException if {@code tls.crt} or {@code tls.key} can't be read
   */
  static PemCertificate in(Path mounted) throws IOException {
    Path chain = mounted.resolve("tls.crt").toRealPath();
    return new PemCertificate(
        Files.readAllBytes(chain), Files.readAllBytes(chain.resolveSibling("tls.key")));
  }

  byte[] chain() {
    return chain.clone();
  }

  byte[] key() {
    return key.clone();
  }

  /**
   * As TLS takes it.
   *
   * @throws IOException says what is wrong with the PEM
   */
  X509KeyManager keyManager(Vertx vertx) throws IOException {
    var pem =
        new PemKeyCertOptions().addCertValue(Buffer.buffer(chain)).addKeyValue(Buffer.buffer(key));
    KeyManager[] managers;
    try {
      managers = pem.getKeyManagerFactory(vertx).getKeyManagers();
    } catch (Exception e) { // Vert.x declares it so.
      throw new IOException(e);
    }
    for (KeyManager manager : managers) {
      if (manager instanceof X509KeyManager it) {
        return it;
      }
    }
    throw new IOException("there is no key in the PEM");
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof PemCertificate it
        && Arrays.equals(chain, it.chain)
        && Arrays.equals(key, it.key);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(chain);
  }
}

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

/** The server's certificate chain and its private key, both as PEM. */
final class PemCertificate {
  private final byte[] chain;
  private final byte[] key;

  PemCertificate(byte[] chain, byte[] key) {
    this.chain = chain.clone();
    this.key = key.clone();
  }

  /**
   * Reads a mounted Secret of type kubernetes.io/tls. kubelet renews its files by pointing a
   * symlink to another directory. Both files are read from the directory that it resolves to, so
   * that they belong together.
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
   * Converts the PEM for TLS.
   *
   * @throws IOException if the PEM is invalid; says why
   */
  X509KeyManager keyManager(Vertx vertx) throws IOException {
    var pem =
        new PemKeyCertOptions().addCertValue(Buffer.buffer(chain)).addKeyValue(Buffer.buffer(key));
    KeyManager[] managers;
    try {
      managers = pem.getKeyManagerFactory(vertx).getKeyManagers();
    } catch (Exception e) { // Vert.x declares no narrower type.
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

package io.flannel.operator.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/**
 * Who an API server's users are, and by which files they and the server know each other.
 *
 * @param home where these files are
 */
record ServerCredentials(Path home) {
  /** May do everything. */
  static final String ADMIN = "test-admin";

  static final String CONTROLLER_MANAGER = "system:kube-controller-manager";
  static final String SCHEDULER = "system:kube-scheduler";

  /** Writes what the server reads at its start. */
  void write() throws IOException {
    Files.createDirectories(directory());
    Files.writeString(key(), newPrivateKey());
    Files.writeString(
        tokens(),
        """
        %s,%s,admin,"system:masters"
        %s,%s,controller-manager
        %s,%s,scheduler
        """
            .formatted(
                token(ADMIN),
                ADMIN,
                token(CONTROLLER_MANAGER),
                CONTROLLER_MANAGER,
                token(SCHEDULER),
                SCHEDULER));
  }

  /** Where the server writes its certificate. */
  Path directory() {
    return home.resolve("pki");
  }

  /** The tokens of the users that are no ServiceAccounts. */
  Path tokens() {
    return directory().resolve("tokens.csv");
  }

  /** What the tokens of ServiceAccounts are signed with. */
  Path key() {
    return directory().resolve("sa.key");
  }

  /** The server's certificate, which it makes itself. */
  Path certificate() {
    return directory().resolve("apiserver.crt");
  }

  /** The key of that. */
  Path certificateKey() {
    return directory().resolve("apiserver.key");
  }

  /** A kubeconfig for one of the users who have a token. */
  Path kubeconfigOf(String user, String name, String server) {
    return kubeconfig(name, server, token(user));
  }

  /** A kubeconfig for whoever has a token. */
  Path kubeconfig(String name, String server, String token) {
    String trust = server.startsWith("https:") ? "certificate-authority: " + certificate() : "";
    try {
      return Files.writeString(
          home.resolve(name + ".kubeconfig"),
          """
          apiVersion: v1
          kind: Config
          current-context: it
          contexts:
          - name: it
            context:
              cluster: it
              user: it
          clusters:
          - name: it
            cluster:
              server: %s
              %s
          users:
          - name: it
            user:
              token: %s
          """
              .formatted(server, trust, token));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The server listens on loopback alone and holds nothing: a token need not be secret. */
  private static String token(String user) {
    return "token-of-" + user.replace(':', '-');
  }

  private static String newPrivateKey() {
    try {
      var generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(2048);
      byte[] key = generator.generateKeyPair().getPrivate().getEncoded();
      return "-----BEGIN PRIVATE KEY-----\n"
          + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(key)
          + "\n-----END PRIVATE KEY-----\n";
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}

package io.flannel.operator.testing.apiserver;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/**
 * The users of an API server, and the files with which they and the server authenticate each other.
 *
 * @param home directory of these files
 */
record ServerCredentials(Path home) {
  /** A user with all rights. */
  static final String ADMIN = "test-admin";

  static final String CONTROLLER_MANAGER = "system:kube-controller-manager";
  static final String SCHEDULER = "system:kube-scheduler";

  /** Writes the files that the server reads at its start. */
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

  /** Returns the directory where the server writes its certificate. */
  Path directory() {
    return home.resolve("pki");
  }

  /** Returns the file with the tokens of users that are not ServiceAccounts. */
  Path tokens() {
    return directory().resolve("tokens.csv");
  }

  /** Returns the key that signs ServiceAccounts' tokens. */
  Path key() {
    return directory().resolve("sa.key");
  }

  /** Returns the server's certificate, which it generates itself. */
  Path certificate() {
    return directory().resolve("apiserver.crt");
  }

  /** Returns the key of {@link #certificate}. */
  Path certificateKey() {
    return directory().resolve("apiserver.key");
  }

  /** Writes a kubeconfig for a user with a token in {@link #tokens}. */
  Path kubeconfigOf(String user, String name, String server) {
    return kubeconfig(name, server, token(user));
  }

  /** Writes a kubeconfig for any token. */
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

  /** Returns a predictable token: the server only listens on loopback and holds nothing secret. */
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

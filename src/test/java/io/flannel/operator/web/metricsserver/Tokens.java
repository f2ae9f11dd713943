package io.flannel.operator.web.metricsserver;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.flannel.operator.testing.apiserver.ApiServer;
import java.io.IOException;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.Base64;

/** Tokens of a namespace's ServiceAccounts: valid ones, and similar invalid ones. */
public record Tokens(ApiServer api, String namespace) {
  private static final String API_SERVER = "https://kubernetes.default.svc";

  /** Tokens of namespace {@code default}. */
  Tokens(ApiServer api) {
    this(api, "default");
  }

  /** Creates the account. */
  Tokens account(String name) {
    api.client()
        .resource(
            new ServiceAccountBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .endMetadata()
                .build())
        .create();
    return this;
  }

  /** Requests a token from the API server, for the API server. */
  public String of(String account) {
    return requested(account, new TokenRequestBuilder().withNewSpec().endSpec());
  }

  /** Requests a token from the API server, for another audience. */
  public String forAudience(String account, String audience) {
    return requested(
        account, new TokenRequestBuilder().withNewSpec().withAudiences(audience).endSpec());
  }

  /** Returns a token signed with the API server's own key, valid until then. */
  String signedUntil(String account, Instant end) throws IOException, GeneralSecurityException {
    return signed(account, API_SERVER, end, ownKey());
  }

  /** Returns a token for another audience, signed with the API server's own key. */
  public String signedUntil(String account, String audience, Instant end)
      throws IOException, GeneralSecurityException {
    return signed(account, audience, end, ownKey());
  }

  /** Returns a token signed with another cluster's key. */
  String ofAnotherCluster(String account, Instant end) throws GeneralSecurityException {
    var generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    return signed(account, API_SERVER, end, generator.generateKeyPair().getPrivate());
  }

  private String requested(String account, TokenRequestBuilder request) {
    return api.client()
        .serviceAccounts()
        .inNamespace(namespace)
        .withName(account)
        .tokenRequest(request.build())
        .getStatus()
        .getToken();
  }

  private PrivateKey ownKey() throws IOException, GeneralSecurityException {
    String pem = Files.readString(api.directory().resolve("pki/sa.key"));
    byte[] der = Base64.getMimeDecoder().decode(pem.replaceAll("-----.*-----", ""));
    return KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(der));
  }

  private String signed(String account, String audience, Instant end, PrivateKey key)
      throws GeneralSecurityException {
    ServiceAccount of =
        api.client().serviceAccounts().inNamespace(namespace).withName(account).require();
    String claims =
        """
        {"iss": "https://kubernetes.default.svc", "aud": ["%6$s"],
         "sub": "system:serviceaccount:%1$s:%2$s", "iat": %3$d, "nbf": %3$d, "exp": %4$d,
         "kubernetes.io": {"namespace": "%1$s", "serviceaccount": {"name": "%2$s", "uid": "%5$s"}}}
        """
            .formatted(
                namespace,
                account,
                Math.min(end.getEpochSecond(), Instant.now().getEpochSecond()) - 300,
                end.getEpochSecond(),
                of.getMetadata().getUid(),
                audience);
    String said =
        base64("{\"alg\": \"RS256\"}".getBytes(UTF_8)) + "." + base64(claims.getBytes(UTF_8));
    Signature signature = Signature.getInstance("SHA256withRSA");
    signature.initSign(key);
    signature.update(said.getBytes(UTF_8));
    return said + "." + base64(signature.sign());
  }

  private static String base64(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}

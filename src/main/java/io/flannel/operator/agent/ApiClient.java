package io.flannel.operator.agent;

import io.flannel.operator.agent.json.Json;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * Sends requests to the API server with the pod's current token and CA certificate. Trusts no other
 * server and follows no redirects.
 *
 * <p>Uses the JDK's HTTP client, because a Kubernetes client takes twice the agent's memory.
 */
final class ApiClient {
  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final Duration ANSWER = Duration.ofSeconds(20);

  private final InCluster config;
  private byte[] trusted = {};
  private @Nullable HttpClient client;

  ApiClient(InCluster config) {
    this.config = config;
  }

  /** An answer with an error status. */
  static final class ApiException extends IOException {
    private final int status;

    ApiException(int status, String message) {
      super(message);
      this.status = status;
    }

    /** The HTTP status, such as 404. */
    int status() {
      return status;
    }

    /** Whether the API server is overloaded, starting or broken: it has not judged the request. */
    boolean isOutage() {
      return status == 429 || status >= 500;
    }
  }

  /**
   * Reads an object.
   *
   * @param path such as {@code /apis/flannel.io/v1alpha1/flannelnodes/node-1}
   * @throws ApiException if the API server answers with anything but success
   * @throws IOException if it does not answer
   */
  byte[] get(String path) throws IOException, InterruptedException {
    return body(send(request(path).GET(), BodyHandlers.ofByteArray()));
  }

  /**
   * Opens a stream that the API server keeps writing to. The caller closes it.
   *
   * @throws ApiException if the API server answers with anything but success
   * @throws IOException if it does not answer
   */
  InputStream stream(String path) throws IOException, InterruptedException {
    HttpResponse<InputStream> response = send(request(path).GET(), BodyHandlers.ofInputStream());
    if (response.statusCode() / 100 == 2) {
      return response.body();
    }
    try (InputStream body = response.body()) {
      throw refused(response.statusCode(), body.readNBytes(16_384));
    }
  }

  /**
   * Sends a JSON Patch (RFC 6902).
   *
   * @throws ApiException if the API server answers with anything but success
   * @throws IOException if it does not answer
   */
  void patch(String path, byte[] json) throws IOException, InterruptedException {
    BodyPublisher body = BodyPublishers.ofByteArray(json);
    body(
        send(
            request(path)
                .header("Content-Type", "application/json-patch+json")
                .method("PATCH", body),
            BodyHandlers.ofByteArray()));
  }

  private HttpRequest.Builder request(String path) throws IOException {
    // Read for each request: kubelet rotates it.
    String token = Files.readString(config.serviceAccount().resolve("token")).strip();
    try {
      return HttpRequest.newBuilder(URI.create(config.server() + path))
          .header("Authorization", "Bearer " + token)
          .header("Accept", "application/json")
          .header("User-Agent", "flannel-node-agent");
    } catch (IllegalArgumentException e) {
      // Leave out the exception's message, which contains the token.
      throw new IOException("the ServiceAccount's token cannot be sent in a header");
    }
  }

  /**
   * Sends a request and limits the time until the handler has the body; HttpRequest's own timeout
   * ends with the headers.
   */
  private <T> HttpResponse<T> send(HttpRequest.Builder request, BodyHandler<T> handler)
      throws IOException, InterruptedException {
    CompletableFuture<HttpResponse<T>> answer = client().sendAsync(request.build(), handler);
    try {
      return answer.get(ANSWER.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new IOException(said(e.getCause()), e);
    } catch (TimeoutException e) {
      throw new IOException("no answer within %d s".formatted(ANSWER.toSeconds()), e);
    } finally {
      answer.cancel(true);
    }
  }

  private static String said(@Nullable Throwable cause) {
    if (cause == null) {
      return "for an unknown reason";
    }
    String message = cause.getMessage();
    return message == null ? cause.getClass().getSimpleName() : message;
  }

  private static byte[] body(HttpResponse<byte[]> response) throws ApiException {
    if (response.statusCode() / 100 != 2) {
      throw refused(response.statusCode(), response.body());
    }
    return response.body();
  }

  /** Includes the message of the Kubernetes Status object in the body. */
  private static ApiException refused(int status, byte[] body) {
    String message = "";
    try {
      message = Json.read(body).path("message").asText();
    } catch (IOException e) {
      // Not JSON: report the status code alone.
    }
    return new ApiException(
        status, "HTTP %d%s".formatted(status, message.isEmpty() ? "" : ": " + message));
  }

  private synchronized HttpClient client() throws IOException {
    Path file = config.serviceAccount().resolve("ca.crt");
    byte[] now = Files.readAllBytes(file);
    if (client == null || !Arrays.equals(now, trusted)) {
      HttpClient before = client;
      client =
          HttpClient.newBuilder()
              .version(HttpClient.Version.HTTP_1_1)
              .connectTimeout(CONNECT)
              .sslContext(trusting(now, file))
              .build();
      trusted = now;
      if (before != null) {
        before.shutdown();
      }
    }
    return client;
  }

  private static SSLContext trusting(byte[] pem, Path file) throws IOException {
    try {
      KeyStore authorities = KeyStore.getInstance(KeyStore.getDefaultType());
      authorities.load(null);
      for (Certificate one :
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(pem))) {
        authorities.setCertificateEntry("ca-" + authorities.size(), one);
      }
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(authorities);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException("%s: %s".formatted(file, e.getMessage()), e);
    }
  }
}

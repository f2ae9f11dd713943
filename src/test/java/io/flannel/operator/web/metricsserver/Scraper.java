package io.flannel.operator.web.metricsserver;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * A client that scrapes the metrics over HTTPS and accepts any certificate; each request uses a new
 * connection.
 */
final class Scraper {
  private final String url;

  Scraper(String url) {
    this.url = url;
  }

  /**
   * An answer.
   *
   * @param certificate the server's certificate
   */
  record Scraped(
      int code, String body, HttpResponse<String> response, X509Certificate certificate) {}

  Scraped get(String token) throws IOException {
    return send(request().header("Authorization", "Bearer " + token));
  }

  Scraped getWithoutToken() throws IOException {
    return send(request());
  }

  Scraped send(HttpRequest.Builder request) throws IOException {
    var seen = new Trusting();
    try (var client = HttpClient.newBuilder().sslContext(seen.context()).build()) {
      HttpResponse<String> response =
          client.send(request.build(), HttpResponse.BodyHandlers.ofString());
      return new Scraped(response.statusCode(), response.body(), response, seen.certificate);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  HttpRequest.Builder request() {
    return HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(20));
  }

  private static final class Trusting extends X509ExtendedTrustManager {
    private X509Certificate certificate;

    SSLContext context() {
      try {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {this}, null);
        return context;
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {
      certificate = chain[0];
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {
      certificate = chain[0];
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {
      certificate = chain[0];
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {
      throw new UnsupportedOperationException();
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}

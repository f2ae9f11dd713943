package io.flannel.operator.web;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.testing.hostile.HostileText;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which requests are answered, and which are refused. */
class WebServerTest {
  @RegisterExtension final TestServer server = new TestServer();

  @Test
  void filesAreServedWithTheirTypeAndATag() throws IOException {
    String page = server.get("/page/served.html");
    assertThat(page)
        .startsWith("HTTP/1.1 200")
        .contains("Content-Type: text/html; charset=utf-8", "<title>served</title>");
    String tag = page.lines().filter(line -> line.startsWith("ETag: ")).findFirst().orElseThrow();
    assertThat(
            server.request(
                "GET", "/page/served.html", "localhost", "If-None-Match" + tag.substring(4)))
        .startsWith("HTTP/1.1 304")
        .doesNotContain("<title>");
    assertThat(server.get("/page/inner/served.js")).contains("Content-Type: text/javascript");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/page/none.html",
        "/page/..%2fapplication.properties",
        "/page/%2e%2e%2fapplication.properties",
        "/page//served.html/",
        "/page/.hidden.txt",
        "/page/inner",
        "/page/",
        "/api/none",
        "/text/none"
      })
  void nothingElseIs(String path) throws IOException {
    assertThat(server.get(path))
        .startsWith("HTTP/1.1 404")
        .contains("Content-Type: application/json", "{\"error\":\"there is nothing at ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/page/../application.properties", "/page/%2e%2e/application.properties"})
  void whatLeadsOutOfThePageLeadsNowhere(String path) throws IOException {
    assertThat(server.get(path)).startsWith("HTTP/1.1 404").doesNotContain("quarkus");
  }

  @Test
  void everyAnswerForbidsWhatThePageDoesNotNeed() throws IOException {
    for (String path : List.of("/page/served.html", "/api/networks", "/api/none")) {
      assertThat(server.get(path))
          .as(path)
          .contains(
              "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self';"
                  + " img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none';"
                  + " frame-ancestors 'none'",
              "X-Content-Type-Options: nosniff",
              "Referrer-Policy: no-referrer",
              "Cross-Origin-Opener-Policy: same-origin",
              "Cross-Origin-Resource-Policy: same-origin",
              "Cache-Control: no-cache");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "evil.example",
        "evil.example:18080",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8080",
        "192.168.0.81:18080",
        ""
      })
  void aRequestForAnotherHostIsRefused(String host) throws IOException {
    for (String path :
        List.of("/", "/page/served.html", "/api/networks", "/text/status", "/q/metrics", "/none")) {
      assertThat(server.request("GET", path, host))
          .as(path)
          .startsWith("HTTP/1.1 403")
          .doesNotContain("served</title>", "networks", "figures");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost", "LOCALHOST:1", "127.0.0.1:18080", "[::1]:8080", "[::1]"})
  void thisMachinesNamesAreNot(String host) throws IOException {
    assertThat(server.request("GET", "/api/networks", host)).startsWith("HTTP/1.1 200");
    assertThat(server.request("GET", "/q/metrics", host))
        .startsWith("HTTP/1.1 200")
        .endsWith("figures");
  }

  /**
   * Requests that other sites' pages make, even at other ports of localhost, are refused although
   * their Host is ours.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
        "sec-fetch-site: cross-site",
        "Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: something-new",
        "Origin: https://evil.example",
        "Origin: http://localhost:3000",
        "Origin: null"
      })
  void anotherSitesRequestIsRefused(String header) throws IOException {
    for (String path :
        List.of("/", "/page/served.html", "/api/networks/default/events", "/q/metrics")) {
      assertThat(server.request("GET", path, "localhost:18080", header))
          .as(path)
          .startsWith("HTTP/1.1 403")
          .contains("another site asks for this")
          .doesNotContain("served</title>", "figures");
    }
    assertThat(server.idle()).isTrue();
  }

  @Test
  void aLinkLeadsToThePageAndNoFurther() throws IOException {
    String[] clicked = {
      "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"
    };
    assertThat(server.request("GET", "/", "localhost:18080", clicked)).startsWith("HTTP/1.1 200");
    assertThat(server.request("GET", "/", "evil.example", clicked)).startsWith("HTTP/1.1 403");
    for (String path : List.of("/api/networks", "/page/served.html", "/q/metrics")) {
      assertThat(server.request("GET", path, "localhost:18080", clicked))
          .as(path)
          .startsWith("HTTP/1.1 403");
    }
    String[] framed = {
      "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"
    };
    assertThat(server.request("GET", "/", "localhost:18080", framed)).startsWith("HTTP/1.1 403");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Sec-Fetch-Site: same-origin",
        "Sec-Fetch-Site: none",
        "Origin: http://localhost:18080",
        "User-Agent: kube-probe/1.35"
      })
  void theOwnPagesAndTheUsersAreNot(String header) throws IOException {
    for (String path : List.of("/page/served.html", "/api/networks", "/q/metrics")) {
      assertThat(server.request("GET", path, "localhost:18080", header))
          .as(path)
          .startsWith("HTTP/1.1 200");
    }
  }

  /** Readers decode JSON escapes, so hostile characters must not appear even escaped. */
  @Test
  void requestsTextIsRepeatedPrintably() throws IOException {
    String forged = "%1b%5b31m%0d%0aforged%c2%9b%e2%80%ae%e2%80%a8x";
    for (String path :
        List.of(
            "/api/" + forged,
            "/api/networks/" + forged,
            "/api/networks/default/path?to=n1&from=" + forged)) {
      String body = server.get(path).replaceFirst("(?s).*\r\n\r\n", "");
      assertThat(body).contains("forged").doesNotContain("\\u00", "\\r", "\\n");
      assertThat(HostileText.isIn(body)).as(body).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "PUT", "DELETE", "OPTIONS"})
  void nothingCanBeChanged(String method) throws IOException {
    assertThat(server.request(method, "/api/networks", "localhost"))
        .startsWith("HTTP/1.1 405")
        .contains("Allow: GET");
  }
}

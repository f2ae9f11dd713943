package io.flannel.operator.web;

import io.vertx.core.Handler;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.HostAndPort;
import io.vertx.core.net.SocketAddress;
import io.vertx.ext.web.RoutingContext;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Admits requests from {@code kubectl port-forward} and kubelet's probes, and sets the security
 * headers of every answer. It runs before everything that the operator serves on loopback,
 * including metrics and health below {@code /q/}.
 *
 * <p>Kubernetes decides who may forward a port to the pod (RBAC: {@code create} on {@code
 * pods/portforward}). The remaining risk is another site's page in the administrator's own browser.
 * That page can't read answers (same-origin policy), unless its host name resolves to 127.0.0.1
 * (DNS rebinding); then the Host header gives it away. It could still send requests whose answers
 * it can't read, such as for a stream of events, of which there are only a few. But browsers say
 * who asks, in {@code Sec-Fetch-Site} (Fetch Metadata, W3C) or, if they don't support that, in
 * {@code Origin}. A page on another port of this machine is another site too. kubelet and kubectl
 * send neither header. A link to the page itself is allowed from anywhere: it opens the same file
 * for everybody, in its own window.
 */
final class RequestFilter implements Handler<RoutingContext> {
  private static final Set<String> OWN_NAMES = Set.of("localhost", "127.0.0.1", "[::1]");

  /** {@code none}: the user typed the URL or opened a bookmark. */
  private static final Set<String> ASKED_BY_OURS = Set.of("same-origin", "none");

  private static final Map<String, String> HEADERS =
      Map.of(
          "Content-Security-Policy",
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src"
              + " 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
          "X-Content-Type-Options",
          "nosniff",
          "Referrer-Policy",
          "no-referrer",
          "Cross-Origin-Opener-Policy",
          "same-origin",
          "Cross-Origin-Embedder-Policy",
          "require-corp",
          "Cross-Origin-Resource-Policy",
          "same-origin",
          "Cache-Control",
          "no-cache");

  @Override
  public void handle(RoutingContext context) {
    HEADERS.forEach(context.response()::putHeader);
    HttpServerRequest request = context.request();
    if (!isLocal(request.localAddress())) {
      Responses.error(
          context,
          403,
          "this page is served on the pod's loopback address alone: use kubectl port-forward");
    } else if (!isForOwnName(request)) {
      Responses.error(
          context,
          403,
          "the request is for another host than localhost: open the page at http://localhost with"
              + " the port that kubectl port-forward was given");
    } else if (!isOfOwnPage(request) && !isLinkToThePage(request)) {
      Responses.error(
          context, 403, "another site asks for this: open the page itself, at /, which may");
    } else if (!HttpMethod.GET.equals(request.method())) {
      context.response().putHeader("Allow", "GET");
      Responses.error(context, 405, "nothing can be changed here: use GET, and kubectl to change");
    } else {
      context.next();
    }
  }

  /** If a server also listens on other addresses, as for metrics, it must not serve this there. */
  private static boolean isLocal(@Nullable SocketAddress address) {
    try {
      return address != null
          && address.hostAddress() != null
          && InetAddress.getByName(address.hostAddress()).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }

  /** HTTP/2 has {@code :authority} instead of the Host header, and may have both. */
  private static boolean isForOwnName(HttpServerRequest request) {
    HostAndPort authority = request.authority();
    String host = request.getHeader("Host");
    return authority != null
        && isOwnName(authority.toString())
        && (host == null || isOwnName(host));
  }

  /** Whether the request comes from the user, from one of our pages, or not from a browser. */
  private static boolean isOfOwnPage(HttpServerRequest request) {
    String origin = request.getHeader("Origin");
    return request.headers().getAll("Sec-Fetch-Site").stream().allMatch(ASKED_BY_OURS::contains)
        && (origin == null || origin.equals("http://" + request.authority()));
  }

  private static boolean isLinkToThePage(HttpServerRequest request) {
    return "/".equals(request.path())
        && "navigate".equals(request.getHeader("Sec-Fetch-Mode"))
        && "document".equals(request.getHeader("Sec-Fetch-Dest"));
  }

  /** Whether the host is this machine, with or without a port. */
  private static boolean isOwnName(String host) {
    return OWN_NAMES.contains(host.replaceFirst(":[0-9]{1,5}$", "").toLowerCase(Locale.ROOT));
  }
}

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
 * Lets pass what comes by {@code kubectl port-forward} and kubelet's probes, and sets what no
 * answer may lack. It stands before all that the operator serves on loopback, {@code /q/} with
 * metrics and health, too.
 *
 * <p>Who may forward a port to the pod is Kubernetes' to say (RBAC: {@code create} on {@code
 * pods/portforward}). What is left is the administrator's own browser, in which another site's page
 * runs. That one cannot read the answers (same-origin policy), unless it has its own name resolve
 * to 127.0.0.1 (DNS rebinding); then the Host header names it. And what it can't read it could
 * still ask for, such as a stream of events, of which there are a few: but browsers say who asks,
 * in {@code Sec-Fetch-Site} (Fetch Metadata, W3C) or, those without it, in {@code Origin}. A page
 * of another port of this machine is another site's as well. kubelet and kubectl send neither. A
 * link to the page itself may be anywhere: it is the same file for everybody, in a window of its
 * own.
 */
final class RequestFilter implements Handler<RoutingContext> {
  private static final Set<String> OWN_NAMES = Set.of("localhost", "127.0.0.1", "[::1]");

  /** {@code none}: the user typed it, or opened a bookmark. */
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

  /** A server that is bound to more than loopback, as for metrics, must not serve this there. */
  private static boolean isLocal(@Nullable SocketAddress address) {
    try {
      return address != null
          && address.hostAddress() != null
          && InetAddress.getByName(address.hostAddress()).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }

  /** HTTP/2 has {@code :authority} in place of the header, and may have both. */
  private static boolean isForOwnName(HttpServerRequest request) {
    HostAndPort authority = request.authority();
    String host = request.getHeader("Host");
    return authority != null
        && isOwnName(authority.toString())
        && (host == null || isOwnName(host));
  }

  /** Whether a browser asks for its user or for a page of ours, or no browser asks. */
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

  /** Whether it names this machine, with any port or none. */
  private static boolean isOwnName(String host) {
    return OWN_NAMES.contains(host.replaceFirst(":[0-9]{1,5}$", "").toLowerCase(Locale.ROOT));
  }
}

/**
 * Metrics for clients on the network: over TLS, with a bearer token, and only if the chart enables
 * it. On the node's loopback, Quarkus' own {@code /q/metrics} serves them. Other servers reuse the
 * public types: {@link io.flannel.operator.web.metricsserver.TlsServer} and the token authorizers.
 */
@NullMarked
package io.flannel.operator.web.metricsserver;

import org.jspecify.annotations.NullMarked;

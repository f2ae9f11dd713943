/**
 * The metrics for those who come over the network: over TLS, by bearer token, and only if the chart
 * asks for it. What is on the node's loopback is Quarkus' own {@code /q/metrics}. Public is what
 * others serve by in the same way: {@link io.flannel.operator.web.metricsserver.TlsServer}, and who
 * authorizes tokens.
 */
@NullMarked
package io.flannel.operator.web.metricsserver;

import org.jspecify.annotations.NullMarked;

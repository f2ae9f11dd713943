/**
 * The metrics for those who come over the network: over TLS, by bearer token, and only if the chart
 * asks for it. What is on the node's loopback is Quarkus' own {@code /q/metrics}.
 */
@NullMarked
package io.flannel.operator.web.metrics;

import org.jspecify.annotations.NullMarked;

/**
 * The page that people look at, and what it and the kubectl plugin read, on the operator's own HTTP
 * server: read-only, on loopback only, reached by {@code kubectl port-forward}. What the plugin
 * reads is also on a separate server, reached through the API server by those who may not forward a
 * port. Nothing is computed while nobody looks.
 */
@NullMarked
package io.flannel.operator.web;

import org.jspecify.annotations.NullMarked;

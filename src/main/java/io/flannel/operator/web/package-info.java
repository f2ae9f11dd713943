/**
 * The page that people look at, and what it and the kubectl plugin ask for, on the operator's own
 * HTTP server: read-only, on loopback alone, reached by {@code kubectl port-forward}. What the
 * plugin asks for, also on a server of its own, reached through the API server by those who may not
 * forward a port. Nothing is computed while nobody looks.
 */
@NullMarked
package io.flannel.operator.web;

import org.jspecify.annotations.NullMarked;

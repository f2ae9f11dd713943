/**
 * The page that people look at, and what it and the kubectl plugin ask for, on the operator's own
 * HTTP server: read-only, on loopback alone, reached by {@code kubectl port-forward}. Nothing is
 * computed while nobody looks.
 */
@NullMarked
package io.flannel.operator.web;

import org.jspecify.annotations.NullMarked;

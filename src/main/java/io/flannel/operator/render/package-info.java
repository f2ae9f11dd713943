/**
 * Renders what is wanted as Kubernetes objects: pure functions, one file per kind. Objects spell
 * out what the API server would fill in where that matters, so that a second apply changes nothing.
 */
@NullMarked
package io.flannel.operator.render;

import org.jspecify.annotations.NullMarked;

/**
 * What is wanted, turned into Kubernetes objects: pure functions, one file a kind. Every object
 * says all that the API server would fill in where that matters, so that a second apply changes
 * nothing.
 */
@NullMarked
package io.flannel.operator.render;

import org.jspecify.annotations.NullMarked;

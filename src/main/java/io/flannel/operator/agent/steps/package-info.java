/**
 * What changes a node: one step, in a pod of its own that ends when it is done and has just the
 * capability that the step needs. It has no access to the API server: what to do comes in its
 * environment ({@code STEP}, {@code ORDER}), and what came of it is its termination message.
 */
@NullMarked
package io.flannel.operator.agent.steps;

import org.jspecify.annotations.NullMarked;

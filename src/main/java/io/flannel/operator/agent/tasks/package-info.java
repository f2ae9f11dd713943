/**
 * What changes a node: one task, in a pod of its own that ends when it is done and has just the
 * capability that the task needs. It has no access to the API server: what to do comes in its
 * environment ({@code TASK_KIND}, {@code TASK}), and the result is its termination message.
 */
@NullMarked
package io.flannel.operator.agent.tasks;

import org.jspecify.annotations.NullMarked;

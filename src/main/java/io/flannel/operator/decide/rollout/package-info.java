/** How a rollout goes on: which template to run, which nodes are done, and when to roll back. */
@NullMarked
package io.flannel.operator.decide.rollout;

import org.jspecify.annotations.NullMarked;

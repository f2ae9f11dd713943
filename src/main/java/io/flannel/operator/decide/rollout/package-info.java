/** How a rollout goes on: which template is to run, which nodes are done, and when to go back. */
@NullMarked
package io.flannel.operator.decide.rollout;

import org.jspecify.annotations.NullMarked;

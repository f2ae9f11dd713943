/** What to do about the cluster's objects and then about the nodes, decided from an observation. */
@NullMarked
package io.flannel.operator.decide.plan;

import org.jspecify.annotations.NullMarked;

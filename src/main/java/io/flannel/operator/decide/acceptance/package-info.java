/** Whether a FlannelNetwork can be carried out on the cluster as it is: the condition Accepted. */
@NullMarked
package io.flannel.operator.decide.acceptance;

import org.jspecify.annotations.NullMarked;

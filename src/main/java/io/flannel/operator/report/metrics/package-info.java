/** The metrics of the networks. */
@NullMarked
package io.flannel.operator.report.metrics;

import org.jspecify.annotations.NullMarked;

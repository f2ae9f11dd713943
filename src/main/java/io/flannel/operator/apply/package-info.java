/**
 * Writes to the API server: rendered objects, FlannelNodes, task pods, readiness gates, the status
 * and Events; and deletes what is wanted no more.
 */
@NullMarked
package io.flannel.operator.apply;

import org.jspecify.annotations.NullMarked;

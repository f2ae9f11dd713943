/**
 * Writes to the API server: rendered objects, FlannelNodes, task pods, readiness gates, the status
 * and Events. It also deletes what is no longer wanted.
 */
@NullMarked
package io.flannel.operator.apply;

import org.jspecify.annotations.NullMarked;

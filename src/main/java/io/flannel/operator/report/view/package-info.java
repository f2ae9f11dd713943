/**
 * What is shown of the networks to people beyond their status: every node, the mesh of probes, a
 * packet's path. It is computed on demand from the caches.
 */
@NullMarked
package io.flannel.operator.report.view;

import org.jspecify.annotations.NullMarked;

/**
 * All that talks to the API server: the reconciler and what it watches, applies, deletes and tells.
 * One pass is observe, decide, render, apply, report; only the first and the last two are here.
 */
@NullMarked
package io.flannel.operator.control;

import org.jspecify.annotations.NullMarked;

/**
 * What the process needs besides the domain: leader election, readiness, logs, and workarounds for
 * the framework. Each workaround names the upstream fault; it can go once that is fixed.
 */
@NullMarked
package io.flannel.operator.runtime;

import org.jspecify.annotations.NullMarked;

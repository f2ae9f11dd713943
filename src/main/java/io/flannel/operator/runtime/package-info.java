/**
 * What the process needs beside the domain: leader election, readiness, logs, and what works around
 * the framework. Each work-around names the upstream fault that makes it go.
 */
@NullMarked
package io.flannel.operator.runtime;

import org.jspecify.annotations.NullMarked;

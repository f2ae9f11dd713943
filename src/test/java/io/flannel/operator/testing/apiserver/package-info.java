/**
 * A real API server: its audit log and metrics, and a proxy before it that breaks off at a chosen
 * write.
 */
package io.flannel.operator.testing.apiserver;

/**
 * The basis of the integration tests: a real API server ({@link
 * io.flannel.operator.testing.apiserver}), the operator as a separate process ({@link
 * io.flannel.operator.testing.operator}), and what surrounds both.
 *
 * <p>Everything listens on free ports of 127.0.0.1, writes below {@code target/it} and ends with
 * the JVM that started it, however it ends.
 */
package io.flannel.operator.testing;

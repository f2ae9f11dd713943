/**
 * The basis of the integration tests: a real API server ({@link
 * io.flannel.operator.testing.ApiServer}), the operator as a separate process ({@link
 * io.flannel.operator.testing.OperatorProcess}), and a proxy between the two that can break off at
 * a chosen write ({@link io.flannel.operator.testing.WriteBreaker}).
 *
 * <p>Everything listens on free ports of 127.0.0.1, writes below {@code target/it} and ends with
 * the JVM that started it, however it ends.
 */
package io.flannel.operator.testing;

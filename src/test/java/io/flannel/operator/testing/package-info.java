/**
 * What the integration tests stand on: a real API server ({@link
 * io.flannel.operator.testing.ApiServer}), the operator as a process of its own ({@link
 * io.flannel.operator.testing.OperatorProcess}) and a proxy between the two that can break off at a
 * chosen write ({@link io.flannel.operator.testing.WriteBreaker}).
 *
 * <p>Everything listens on 127.0.0.1 at free ports, writes below {@code target/it} and ends with
 * the JVM that started it, however that ends.
 */
package io.flannel.operator.testing;

/** What {@code make bench} measures. No test: nothing here fails for being slow. */
package io.flannel.operator.bench;

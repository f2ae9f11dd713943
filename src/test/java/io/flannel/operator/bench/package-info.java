/** What {@code make bench} measures. These are not tests: being slow does not fail anything. */
package io.flannel.operator.bench;

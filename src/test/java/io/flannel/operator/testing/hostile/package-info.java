/** Text and JSON of those who mean harm. */
package io.flannel.operator.testing.hostile;

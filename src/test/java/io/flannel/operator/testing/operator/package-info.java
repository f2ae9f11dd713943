/**
 * The packaged operator and the node agent as processes of their own, with the options of the
 * image.
 */
package io.flannel.operator.testing.operator;

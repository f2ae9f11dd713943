/** The API server that all tests of the operator share, and what administrators put into it. */
package io.flannel.operator.testing.cluster;

/**
 * End-to-end tests in the lab's cluster: real kubelets, containerd and flanneld on nodes with their
 * own kernels, and the operator from its image and chart. {@code make test} brings the lab up
 * before and takes it down afterwards.
 */
package io.flannel.operator.e2e;

/**
 * End-to-end tests, in the lab's cluster: real kubelets, containerd and flanneld on nodes with a
 * kernel of their own, and the operator from its image and chart. {@code make test} brings the lab
 * up before and takes it down after.
 */
package io.flannel.operator.e2e;

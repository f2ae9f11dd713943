/** Kubelets, agents and the pods of tasks, played by writing what the real ones would write. */
package io.flannel.operator.testing.fakes;

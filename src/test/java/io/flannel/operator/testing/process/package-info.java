/**
 * Processes of the tests and what they need of the machine: free ports, programs, network
 * namespaces.
 */
package io.flannel.operator.testing.process;

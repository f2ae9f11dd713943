/**
 * What people type: kubectl, helm and the plugin; and the interpreter of Argo CD's health checks.
 */
package io.flannel.operator.testing.cli;

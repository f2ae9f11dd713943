/**
 * Checks for superfluous rights of our accounts: what RBAC grants, compared with the requests in an
 * API server's audit log.
 */
package io.flannel.operator.rights;

/**
 * Whether nobody of ours may do more than it does: what RBAC grants, against what an API server's
 * audit log says was asked.
 */
package io.flannel.operator.rights;

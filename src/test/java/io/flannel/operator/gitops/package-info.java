/** What GitOps tools make of our objects, by the tools' own parts. */
@NullMarked
package io.flannel.operator.gitops;

import org.jspecify.annotations.NullMarked;

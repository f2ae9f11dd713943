/** How GitOps tools treat our objects, tested with parts of these tools. */
@NullMarked
package io.flannel.operator.gitops;

import org.jspecify.annotations.NullMarked;

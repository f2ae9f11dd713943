/** The commands that the README and the documents in docs/ tell people to type. */
@NullMarked
package io.flannel.operator.docs;

import org.jspecify.annotations.NullMarked;

/** The kubectl plugin, {@code kubectl flannel}. */
@NullMarked
package io.flannel.operator.plugin;

import org.jspecify.annotations.NullMarked;

/**
 * The page in a real Chromium: of the packaged operator, and, for what that can't show at will (a
 * thousand nodes, a lost connection, a path broken somewhere else), of {@link
 * io.flannel.operator.page.PlayedOperator}.
 */
@NullMarked
package io.flannel.operator.page;

import org.jspecify.annotations.NullMarked;

/**
 * Tests the page in a real Chromium: with the packaged operator and, for what that can't show at
 * will (a thousand nodes, a lost connection, a path broken elsewhere), with {@link
 * io.flannel.operator.page.FakeOperator}.
 */
@NullMarked
package io.flannel.operator.page;

import org.jspecify.annotations.NullMarked;

/** A real Chromium, driven by its DevTools protocol. */
package io.flannel.operator.testing.browser;

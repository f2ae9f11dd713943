package io.flannel.operator.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.testing.browser.Chromium;
import io.flannel.operator.testing.browser.Tab;
import io.flannel.operator.testing.cluster.TestCluster;
import org.awaitility.core.ThrowingRunnable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A fresh tab and {@link FakeOperator} for each test, which fails if the page complains. */
final class FakePage implements BeforeEachCallback, AfterEachCallback {
  private final Chromium chromium;
  private @Nullable FakeOperator operator;
  private @Nullable Tab tab;
  private String tolerated = "^$";

  FakePage(Chromium chromium) {
    this.chromium = chromium;
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    tolerated = "^$";
    operator = new FakeOperator();
    tab = chromium.tab();
  }

  @Override
  public void afterEach(ExtensionContext context) {
    try {
      assertThat(tab().complaints())
          .as("what the page complains of")
          .filteredOn(complaint -> !complaint.matches(tolerated))
          .isEmpty();
    } finally {
      tab().close();
      operator().close();
    }
  }

  /** Accepts complaints that match this pattern, since the test provokes them. */
  void tolerate(String pattern) {
    tolerated = pattern;
  }

  FakeOperator operator() {
    return java.util.Objects.requireNonNull(operator);
  }

  Tab tab() {
    return java.util.Objects.requireNonNull(tab);
  }

  /** Opens the page at a view of this network, and waits until it is connected. */
  Tab open(FakeNetwork network, String view) {
    operator().has(network);
    tab().open(operator().url() + "#/" + network.name() + "/" + view);
    shows("#link-text", "live");
    return tab();
  }

  /** Waits until the first element that matches shows these words. */
  void shows(String selector, String words) {
    eventually(selector, () -> assertThat(tab().text(selector)).contains(words));
  }

  static void eventually(String what, ThrowingRunnable assertions) {
    TestCluster.eventually(what, assertions);
  }
}

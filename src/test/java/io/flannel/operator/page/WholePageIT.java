package io.flannel.operator.page;

import static io.flannel.operator.page.FakePage.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.flannel.operator.testing.browser.Chromium;
import io.flannel.operator.testing.browser.Tab;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The page as a whole: what it shows at a glance, how it receives changes, who can use it. */
class WholePageIT {
  @RegisterExtension static final Chromium chromium = new Chromium();

  @RegisterExtension final FakePage page = new FakePage(chromium);

  @Test
  void theOverviewSaysHowTheNetworkIsAndWhatToDo() {
    Tab tab = page.open(FakeNetwork.of(3).cutOff(2), "overview");
    page.shows("#overview h1", "default");
    assertThat(tab.text(".hero .pill")).isEqualTo("Not ready");
    assertThat(tab.texts(".tiles li"))
        .extracting(tile -> tile.replaceAll("\\s+", " "))
        .containsExactly("3 nodes", "3 leased", "2 healthy", "0 degraded", "1 down", "0 unknown");
    assertThat(tab.text(".problems"))
        .contains("EncapsulationBlocked", "4 min", "node2", "IP protocol 4", "What to do:");
    assertThat(tab.texts(".conditions h3"))
        .containsExactly(
            "Accepted: True",
            "Ready: False",
            "TunnelsHealthy: False",
            "Reconciling: False",
            "Stalled: False");
    assertThat(tab.text("[aria-labelledby=configuration-title]"))
        .contains("ipip", "10.244.0.0/16", "1480 bytes", "v0.28.10", "5f8d1c2e");
    tab.click(".tiles li:nth-child(5) a");
    page.shows("#nodes-count", "1 of 3 nodes");
  }

  @Test
  void aRolloutGoesOnBeforeTheEyesAndTheEars() {
    Tab tab = page.open(FakeNetwork.of(9).rolledOutTo(3), "overview");
    page.shows("[aria-labelledby=rollout-title]", "3 of 9 nodes");
    assertThat(tab.attribute("[role=progressbar]", "aria-valuenow")).isEqualTo("3");
    assertThat(tab.text("[aria-labelledby=rollout-title]"))
        .contains("Progressing", "node4 waits", "in 6 min", "77aa10f3 → 5f8d1c2e");
    page.operator().has(FakeNetwork.of(9).rolledOutTo(6));
    eventually(
        "progress",
        () -> assertThat(tab.attribute("[role=progressbar]", "aria-valuenow")).isEqualTo("6"));
    assertThat(tab.text("#told")).as("progress is not read out").isEmpty();
    page.operator().has(FakeNetwork.of(9));
    page.shows("[aria-labelledby=rollout-title]", "Complete");
    assertThat(tab.text("#told")).contains("Network default is ready", "Rollout: Complete");
  }

  @Test
  void anUpdateTakesNeitherFocusNorPlace() {
    Tab tab = page.open(FakeNetwork.of(400), "nodes");
    page.shows("#nodes-count", "400 nodes");
    tab.click("#nodes-search").type("worker-03").press("ArrowLeft");
    page.shows("#nodes-count", "100 of 400 nodes");
    tab.value("document.querySelector('[data-key=worker-0350]').scrollIntoView()");
    String place = "document.querySelector('[data-key=worker-0350]').getBoundingClientRect().top";
    int before = tab.value(place).asInt();
    assertThat(tab.value("scrollY").asInt()).isPositive();
    page.operator().has(FakeNetwork.of(400).cutOff(399));
    page.shows("#told", "not ready");
    page.shows("#nodes-rows tr", "Down");
    assertThat(tab.focused()).isEqualTo("nodes-search");
    assertThat(tab.value("document.activeElement.selectionStart").asInt()).isEqualTo(8);
    assertThat(tab.value("document.activeElement.value").asText()).isEqualTo("worker-03");
    assertThat(tab.value(place).asInt())
        .as("what is read stays where it is, but for a fraction of a pixel")
        .isCloseTo(before, within(1));
  }

  @Test
  void aLostConnectionIsSaidAndMadeAgain() {
    page.tolerate("log: Failed to load resource.*|.*EventSource.*");
    Tab tab = page.open(FakeNetwork.of(3), "overview");
    page.shows(".hero .pill", "Ready");
    page.operator().goesAway();
    page.shows("#link-text", "connection lost, retrying");
    assertThat(tab.text(".hero .pill")).as("what was last seen stays").isEqualTo("Ready");
    assertThat(tab.text("#told")).isEqualTo("Connection lost, retrying");
    page.operator().has(FakeNetwork.of(3).cutOff(1)).comesBack();
    page.shows("#link-text", "live");
    page.shows(".hero .pill", "Not ready");
  }

  @Test
  void pageWithoutANetworkSaysHowToMakeOne() {
    Tab tab = page.tab().open(page.operator().url());
    page.shows("#notice h1", "No FlannelNetwork yet");
    assertThat(tab.text("#notice code"))
        .startsWith("kubectl apply -f - <<EOF\napiVersion: flannel.io/v1alpha1")
        .endsWith("type: ipip\nEOF");
    assertThat(Axe.findings(tab)).isEmpty();
    page.operator().has(FakeNetwork.of(3));
    page.shows(".hero .pill", "Ready");
    assertThat(tab.text("#notice")).isEmpty();
    page.operator().loses("default");
    page.shows("#notice h1", "No FlannelNetwork yet");
  }

  @Test
  void aReplicaThatStandsByNamesTheOneInCharge() {
    page.operator().has(FakeNetwork.of(3)).isLedBy("flannel-operator-xyz");
    Tab tab = page.tab().open(page.operator().url());
    page.shows("#link-text", "this replica stands by");
    assertThat(tab.text("#notice")).contains("port-forward pod/flannel-operator-xyz 18080");
    assertThat(Axe.findings(tab)).isEmpty();
    page.operator().isLedBy(null);
    page.shows("#notice h1", "No replica is in charge at present");
    page.operator().isLedBy(FakeOperator.instance());
    page.shows(".hero .pill", "Ready");
  }

  @Test
  void oneOfSeveralNetworksIsChosen() {
    page.operator().has(FakeNetwork.of(3).named("blue")).has(FakeNetwork.of(5).named("green"));
    Tab tab = page.tab().open(page.operator().url());
    page.shows("#overview h1", "blue");
    tab.value("document.getElementById('network').focus()");
    tab.press("ArrowDown");
    page.shows("#overview h1", "green");
    assertThat(tab.hash()).isEqualTo("#/green/overview");
    tab.open("about:blank").open(page.operator().url() + "#/green/nodes");
    page.shows("#nodes-count", "5 nodes");
  }

  @Test
  void theKeyboardReachesAll() {
    Tab tab = page.open(FakeNetwork.of(3), "overview");
    page.shows(".hero .pill", "Ready");
    assertThat(tab.press("Tab").focused()).isEqualTo("Skip to content");
    assertThat(tab.press("Enter").focused()).isEqualTo("main");
    assertThat(tab.press("Tab").focused()).startsWith("3");
    tab.press("Shift+Tab", "Shift+Tab", "Shift+Tab");
    assertThat(tab.focused()).isEqualTo("Nodes");
    assertThat(tab.value("getComputedStyle(document.activeElement).outlineStyle").asText())
        .isEqualTo("solid");
    tab.press("Enter");
    page.shows("#nodes-count", "3 nodes");
    assertThat(tab.attribute("nav [aria-current]", "data-view")).isEqualTo("nodes");
  }

  @Test
  void darkIsDarkAndStillnessIsKept() {
    Tab tab = page.open(FakeNetwork.of(3), "overview");
    page.shows(".hero .pill", "Ready");
    assertThat(brightness(tab)).isGreaterThan(240);
    String moving =
        "getComputedStyle(document.querySelector('.progress .done')).transitionDuration";
    assertThat(tab.value(moving).asText()).isNotEqualTo("0s");
    tab.prefers("dark", "reduce");
    assertThat(brightness(tab)).isLessThan(30);
    assertThat(tab.value(moving).asText()).isEqualTo("0s");
  }

  @ParameterizedTest
  @CsvSource({
    "overview, light", "nodes, light", "mesh, light", "path?from=node1&to=node2, light",
    "overview, dark", "nodes, dark", "mesh, dark", "path?from=node1&to=node2, dark"
  })
  void axeFindsNothing(String view, String scheme) {
    page.tab().prefers(scheme, "reduce");
    Tab tab = page.open(FakeNetwork.of(3).cutOff(2), view);
    page.shows("main > section:not([hidden]) h1", "");
    page.shows("main > section:not([hidden])", "node2");
    assertThat(Axe.findings(tab)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"overview", "nodes", "mesh", "path?from=worker-0007&to=worker-0018"})
  void onAPhoneNothingIsWiderThanTheWindow(String view) {
    page.tab().size(360, 740);
    Tab tab = page.open(FakeNetwork.of(100).cutOff(18), view);
    page.shows("main > section:not([hidden])", "worker-0018");
    assertThat(tab.value("document.documentElement.scrollWidth").asInt()).isEqualTo(360);
  }

  @Test
  void foreignContentIsRefusedByThePolicy() {
    page.tolerate("(?s)(log|CSP|console): .*");
    Tab tab = page.open(FakeNetwork.of(3), "overview");
    tab.value(
        "document.head.append(Object.assign(document.createElement('script'),"
            + " {textContent: 'window.foreign = true'})); 0");
    eventually(
        "a complaint",
        () ->
            assertThat(tab.complaints())
                .anySatisfy(it -> assertThat(it).contains("Content Security Policy")));
    assertThat(tab.value("'foreign' in window").asBoolean()).isFalse();
  }

  private static int brightness(Tab tab) {
    return tab.value("Number(/\\d+/.exec(getComputedStyle(document.body).backgroundColor)[0])")
        .asInt();
  }
}

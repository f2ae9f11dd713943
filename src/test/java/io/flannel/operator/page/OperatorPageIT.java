package io.flannel.operator.page;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.testing.browser.Chromium;
import io.flannel.operator.testing.browser.Tab;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeNodes;
import io.flannel.operator.testing.operator.OperatorProcess;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The packaged operator's own page, for a network on a real API server. */
class OperatorPageIT {
  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  @RegisterExtension final FakeNodes nodes = new FakeNodes(cluster, 3);

  @RegisterExtension static final Chromium chromium = new Chromium();

  private TestNetwork network;
  private Tab tab;
  private String tolerated;

  @BeforeEach
  void start() {
    network = TestNetwork.of(cluster, "default");
    tab = chromium.tab();
    tolerated = "^$";
  }

  @AfterEach
  void stop() {
    tab.close();
    assertThat(tab.complaints())
        .as("what the page complains of")
        .filteredOn(complaint -> !complaint.matches(tolerated))
        .isEmpty();
  }

  @Test
  void aNetworkComesAndGoesBeforeTheEyes() {
    open("");
    shows("#notice h1", "No FlannelNetwork yet");
    network.apply(TestNetwork.IPIP);
    shows(".hero .pill", "Ready");
    shows(".tiles", "3\nhealthy");
    assertThat(tab.text("#overview h1")).isEqualTo("default");
    assertThat(tab.text("[aria-labelledby=configuration-title]"))
        .contains("ipip", "10.244.0.0/16", "1480 bytes");
    assertThat(tab.text("[aria-labelledby=rollout-title]")).contains("Complete", "3 of 3 nodes");
    assertThat(tab.text("[aria-labelledby=problems-title]")).contains("None.");
    assertThat(Axe.findings(tab)).isEmpty();
    network.delete();
    shows("#notice h1", "No FlannelNetwork yet");
  }

  @Test
  void aCutNodeShowsInEveryView() {
    network.apply(TestNetwork.IPIP).awaitReady();
    open("#/default/overview");
    shows(".hero .pill", "Ready");
    nodes.agents().lose("node-2");
    shows(".problems", "EncapsulationBlocked");
    assertThat(tab.text(".problems"))
        .contains("node-2", "What to do: let IP protocol 4 (IP in IP) pass between all nodes");
    shows("#told", "1 problem");
    click("Nodes", "#nodes-count", "3 nodes");
    assertThat(tab.text("#nodes-rows tr"))
        .contains("node-2", "Down", "EncapsulationBlocked", "10.244.2.0/24", "192.168.0.2", "0/2");
    click("Mesh", "#mesh-count", "6 probed pairs: 4 tunnel lost, 2 passes");
    tab.click("#mesh-worst tbody a");
    shows("#path h2", "Packets do not pass");
    assertThat(tab.texts(".hop.breaks h3")).containsExactly("192.168.0.1 → 192.168.0.2 Underlay");
    assertThat(tab.text(".hop.breaks")).contains("EncapsulationBlocked", "What to do: let");
    assertThat(Axe.findings(tab)).isEmpty();
    nodes.agents().heal("node-2");
    shows("#path h2", "Packets pass");
    click("Overview", ".hero .pill", "Ready");
    shows("[aria-labelledby=problems-title]", "None.");
  }

  @Test
  void aFaultOnANodeBreaksThePathAtItsDevice() {
    network.apply(TestNetwork.IPIP).awaitReady();
    nodes.agents().find("node-2", "DeviceDown", null);
    open("#/default/path?from=node-1&to=node-2");
    shows(".hop.breaks", "DeviceDown");
    assertThat(tab.text(".hop.breaks")).contains("flannel.ipip", "seen by a test");
    assertThat(tab.texts(".hop:nth-child(5) .packet li"))
        .extracting(it -> it.replaceAll("\\s+", " "))
        .contains("IPv4 192.168.0.1 → 192.168.0.2 protocol 4", "data");
    assertThat(tab.text(".hop:nth-child(3)"))
        .contains("10.244.2.0/24 via 192.168.0.2 dev flannel.ipip onlink");
  }

  @Test
  void aChangeOfTheBackendArrives() {
    network.apply(TestNetwork.IPIP).awaitReady();
    open("#/default/overview");
    shows("[aria-labelledby=configuration-title]", "ipip");
    network.apply(TestNetwork.IPIP.replace("ipip", "vxlan"));
    shows("[aria-labelledby=configuration-title]", "vxlan");
    shows("#told", "Network default is ready");
    assertThat(tab.text("[aria-labelledby=rollout-title]")).contains("Complete", "→");
  }

  @Test
  void anOperatorThatGoesIsMissedAndTakenUpAgain() {
    tolerated = "log: Failed to load resource.*|.*EventSource.*";
    network.apply(TestNetwork.IPIP).awaitReady();
    open("#/default/overview");
    shows("#link-text", "live");
    operator.process().kill();
    try {
      shows("#link-text", "connection lost, retrying");
      assertThat(tab.text(".hero .pill")).isEqualTo("Ready");
    } finally {
      operator.process().start().awaitReady(); // The other tests need it too.
    }
    shows("#link-text", "live");
    shows(".hero .pill", "Ready");
  }

  @Test
  void aReplicaThatStandsByNamesTheOneInCharge() {
    network.apply(TestNetwork.IPIP).awaitReady();
    try (OperatorProcess second =
        cluster.operator().environment("POD_NAME", "operator-2").start().awaitReady()) {
      tab.open(second.url());
      shows("#notice", "kubectl -n flannel-operator port-forward pod/operator-1 18080");
      assertThat(tab.text("#link-text")).isEqualTo("this replica stands by");
    }
    tolerated = "log: Failed to load resource.*"; // The page still calls it.
  }

  private void open(String hash) {
    tab.open(operator.process().url() + "/" + hash);
  }

  private void click(String view, String selector, String words) {
    tab.click("nav [data-view=%s]".formatted(view.toLowerCase(java.util.Locale.ROOT)));
    shows(selector, words);
  }

  private void shows(String selector, String words) {
    eventually(selector, () -> assertThat(tab.text(selector)).contains(words));
  }
}

package io.flannel.operator.page;

import static io.flannel.operator.page.FakePage.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.testing.browser.Chromium;
import io.flannel.operator.testing.browser.Tab;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A packet's path between two nodes, and where it breaks. */
class PathViewIT {
  private static final FakeNetwork CUT = FakeNetwork.of(3).cutOff(2);

  @RegisterExtension static final Chromium chromium = new Chromium();

  @RegisterExtension final FakePage page = new FakePage(chromium);

  @Test
  void breakSaysWhyAndWhatToDo() {
    Tab tab = page.open(CUT, "path?from=node1&to=node2");
    page.shows("#path h2", "Packets do not pass");
    assertThat(tab.texts(".hop h3"))
        .containsExactly(
            "eth0 Pod",
            "cni0 Bridge",
            "10.244.2.0/24 Route",
            "flannel.ipip Tunnel device",
            "eth0 NIC",
            "192.168.0.0/24 Underlay",
            "eth0 NIC",
            "flannel.ipip Tunnel device",
            "cni0 Bridge",
            "eth0 Pod");
    assertThat(tab.count(".hop.breaks")).isEqualTo(1);
    assertThat(tab.text(".hop.breaks"))
        .contains(
            "192.168.0.0/24",
            "the packet ends here",
            "IP protocol 4 does not arrive",
            "EncapsulationBlocked",
            "What to do: let IP protocol 4 (IP in IP) pass");
    assertThat(tab.texts(".hop.breaks ~ .hop .state"))
        .containsExactly("not known", "not known", "not known", "not known");
  }

  @Test
  void eachHopShowsThePacketAsItLeaves() {
    Tab tab = page.open(FakeNetwork.of(3), "path?from=node1&to=node3");
    page.shows("#path h2", "Packets pass");
    assertThat(tab.text(".hop:nth-child(3)"))
        .contains("10.244.3.0/24 via 192.168.0.83 dev flannel.ipip onlink");
    assertThat(tab.texts(".hop:nth-child(5) .packet li"))
        .extracting(it -> it.replaceAll("\\s+", " "))
        .containsExactly(
            "Ethernet 52:54:00:00:00:51 → 52:54:00:00:00:52",
            "IPv4 192.168.0.81 → 192.168.0.83 protocol 4",
            "IPv4 10.244.1.2 → 10.244.3.2 ttl 63",
            "data");
    assertThat(tab.count(".hop:nth-child(1) .packet li")).isEqualTo(2);
    assertThat(tab.count(".hop.breaks")).isZero();
  }

  @Test
  void twoNodesAreChosenByTheKeyboardAndSwapped() {
    Tab tab = page.open(CUT, "path");
    page.shows("#path", "Choose two nodes");
    assertThat(tab.count("#node-names option")).isEqualTo(3);
    tab.click("#path-from").type("node3").press("Tab", "Tab");
    tab.type("node1").press("Enter");
    page.shows("#path h2", "Packets pass");
    assertThat(tab.hash()).isEqualTo("#/default/path?from=node3&to=node1");
    assertThat(tab.focused()).isEqualTo("path-to");
    tab.click("#path-swap");
    // The view updates after the address.
    eventually(
        "swapped",
        () -> {
          assertThat(tab.hash()).isEqualTo("#/default/path?from=node1&to=node3");
          assertThat(tab.value("document.getElementById('path-from').value").asText())
              .isEqualTo("node1");
        });
  }

  @Test
  void aPathThatHealsHealsOnThePage() {
    Tab tab = page.open(CUT, "path?from=node1&to=node2");
    page.shows("#path h2", "Packets do not pass");
    page.operator().has(FakeNetwork.of(3));
    page.shows("#path h2", "Packets pass");
    assertThat(tab.count(".hop.breaks")).isZero();
  }

  @Test
  void anUnknownNodeIsSaidInTheOperatorsWords() {
    page.tolerate("log: Failed to load resource.*404.*");
    page.open(CUT, "path?from=node1&to=node9");
    page.shows("#path", "network default has no node node9");
  }
}

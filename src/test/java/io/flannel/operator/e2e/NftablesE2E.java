package io.flannel.operator.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Takes the network from iptables to nftables, and back. */
@ExtendWith(InstalledOperator.class)
class NftablesE2E {
  private static final List<Integer> NODES = List.of(1, 2, 3);

  /** The lab's machine, which has no route to the pods: it answers only what is masqueraded. */
  private static final String OUTSIDE = "192.168.0.80";

  @BeforeAll
  static void toNftables() {
    becomes("nftables: true");
    TestPods.restart(NODES);
  }

  /** The other tests change the backend without allowing a disruption. */
  @AfterAll
  static void back() {
    becomes("");
  }

  @Test
  void podsReachEachOtherAndTheWorldByNftablesAlone() {
    TestPods.allReachEachOther(NODES);
    for (int node : NODES) {
      assertThat(Lab.node(node, "nft list tables")).contains("table ip flannel-ipv4");
      assertThat(Lab.node(node, "nft list table ip flannel-ipv4"))
          .contains("10.244.0.0/16")
          .contains("masquerade");
      // flanneld leaves its chains of iptables behind, but no rule that masquerades.
      assertThat(Lab.node(node, "iptables-save")).doesNotContain("MASQUERADE");
      Lab.kubectl("exec", TestPods.name(node), "--", "ping", "-c", "5", "-W", "5", OUTSIDE);
    }
  }

  private static void becomes(String more) {
    Network.rollsDisruptively("{type: vxlan}", more);
    Overlay.awaitChanged();
  }
}

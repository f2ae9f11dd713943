package io.flannel.operator.report.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.StatusCondition;
import io.flannel.operator.report.path.PacketPath;
import io.flannel.operator.report.path.PacketPath.Hop;
import io.flannel.operator.report.path.PacketPath.Kind;
import io.flannel.operator.report.path.PacketPath.State;
import io.flannel.operator.report.path.PacketPath.Way;
import io.flannel.operator.report.view.NetworkView;
import io.flannel.operator.report.view.Replica;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The text as it appears on a terminal. */
class TextOutputTest {
  private static final Instant NOW = Instant.parse("2026-11-26T10:00:00Z");

  @Test
  void theStatusOfANetworkThatIsIll() {
    TextOutput words = StatusText.of(view("ill"), NOW);
    assertThat(words.text())
        .isEqualTo(
            """
            Network   default
            Ready     False for 2m30s, TunnelsUnhealthy: something is wrong with the tunnels
                      of 2 of 3 nodes: node1 and node2; problems names the causes
            Running   ipip with DirectRouting, 10.244.0.0/16, MTU 1480, flannel v0.28.10
            Nodes     3 in all, 3 leased, 1 healthy, 1 degraded, 1 down
            Rollout   Complete, 3 of 3 nodes
            Change    Live: the change of mtu: none -> 1400 cuts nothing
            Problems  DeviceDown: node2 for 2m30s
                      PacketLoss: node1 for 2d
                      what they are and what to do: kubectl flannel problems
            """);
    assertThat(words.well()).isFalse();
  }

  @Test
  void itsProblems() {
    TextOutput words = ProblemText.of(view("ill"), NOW);
    assertThat(words.text())
        .isEqualTo(
            """
            DeviceDown
              Nodes  node2
              Since  2026-11-26T09:57:30Z for 2m30s
              What   node node2 has its tunnel device down, which took the routes to its
                     peers along; node2 says: flannel.ipip ?[31mis down; it should be up
              Do     set it up on the node (ip link set flannel.ipip up) and restart the
                     node's flannel pod, which writes the routes again
              More   docs/troubleshooting.md#devicedown

            PacketLoss
              Nodes  node1
              Since  2026-11-24T10:00:00Z for 2d
              What   packets get lost between nodes node1 and node3
              More   docs/troubleshooting.md#packetloss
            """);
    assertThat(words.well()).isFalse();
  }

  @Test
  void itsNodes() {
    assertThat(NodeText.of(view("ill"), false, NOW).text())
        .isEqualTo(
            """
            NODE    TUNNEL     REASON       FOR     SUBNET          PUBLIC-IP      PEERS   RTT-P50
            node2   Down       DeviceDown   2m30s   10.244.2.0/24   192.168.0.82   0/2     -
            node1   Degraded   PacketLoss   2d      10.244.1.0/24   192.168.0.81   2/2     0.4ms
            node3   Healthy    -            -       10.244.3.0/24   192.168.0.83   1/2     0.3ms
            """);
    assertThat(NodeText.of(view("ill"), true, NOW).text().lines())
        .first()
        .asString()
        .matches("NODE +TUNNEL .* LEASED .* DEVICE +MTU .* RTT-P99");
  }

  @Test
  void aNetworkIsWellOnceItsPresentSpecIsReadyAndNothingIsWrong() {
    NetworkView ill = view("ill");
    NetworkView well = healed(ill, ill.generation());
    assertThat(StatusText.of(well, NOW).well()).isTrue();
    assertThat(StatusText.of(well, NOW).text()).contains("\nProblems  none\n");
    TextOutput problems = ProblemText.of(well, NOW);
    assertThat(problems.text()).isEqualTo("Nothing is wrong with network default.\n");
    assertThat(problems.well()).isTrue();

    NetworkView edited = healed(ill, ill.generation() + 1);
    assertThat(StatusText.of(edited, NOW).well()).isFalse();
    assertThat(StatusText.of(edited, NOW).text()).contains("the spec has changed and");
    assertThat(ProblemText.of(edited, NOW).text()).startsWith("default: the spec has changed and");
  }

  @Test
  void networkThatIsNotReadyWithoutAProblemSaysWhy() {
    NetworkView ill = view("ill");
    FlannelNetworkStatus status = ill.status();
    NetworkView waiting =
        with(
            ill,
            ill.generation(),
            new FlannelNetworkStatus(
                status.observedGeneration(),
                status.conditions(),
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null));
    assertThat(ProblemText.of(waiting, NOW).text())
        .startsWith("No problem is known of, but network default is not Ready.\n  Reason  Tunnels");
    assertThat(ProblemText.of(waiting, NOW).well()).isFalse();
  }

  @Test
  void aNetworkThatNobodyLookedAtYet() {
    NetworkView ill = view("ill");
    NetworkView fresh =
        new NetworkView(
            "default",
            1,
            false,
            ill.spec(),
            new FlannelNetworkStatus(null, null, null, null, null, null, null, null, null, null),
            List.of(),
            null);
    assertThat(StatusText.of(fresh, NOW).text()).contains("Ready    Unknown, the operator has not");
    assertThat(StatusText.of(fresh, NOW).well()).isFalse();
    assertThat(ProblemText.of(fresh, NOW).text()).contains("has not looked at this network yet");
    assertThat(NodeText.of(fresh, false, NOW).text()).isEqualTo("Network default has no node.\n");
  }

  @Test
  void aPathThatBreaks() {
    TextOutput words =
        PathText.of(
            new PacketPath(
                "node1",
                "node2",
                "ipip",
                Way.TUNNEL,
                false,
                "Packets get lost at flannel.ipip on node1: DeviceDown.",
                "DeviceDown",
                "flannel.ipip is down; it should be up",
                "set it up",
                List.of(
                    hop(Kind.BRIDGE, "node1", "cni0", "10.244.1.1/24", 1480, State.OK, null),
                    hop(
                        Kind.TUNNEL,
                        "node1",
                        "flannel.ipip",
                        "10.244.1.0/32",
                        1480,
                        State.BROKEN,
                        "flannel.ipip is down; it should be up"),
                    hop(Kind.WIRE, null, "the network", null, null, State.UNKNOWN, null))));
    assertThat(words.text())
        .isEqualTo(
            """
            node1 -> node2 by ipip, through the tunnel
            Packets get lost at flannel.ipip on node1: DeviceDown.

            on node1
               1  ok       cni0, 10.244.1.1/24, MTU 1480
                           | IPv4 10.244.1.2 → 10.244.2.2
               2  BROKEN   flannel.ipip, 10.244.1.0/32, MTU 1480
                           flannel.ipip is down; it should be up
                           | IPv4 10.244.1.2 → 10.244.2.2
            between the nodes
               3  ?        the network
                           | IPv4 10.244.1.2 → 10.244.2.2

            DeviceDown
              What  flannel.ipip is down; it should be up
              Do    set it up
            """);
    assertThat(words.well()).isFalse();
  }

  @Test
  void aPathIsWellIfItWorksInFull() {
    assertThat(PathText.of(path(true, null)).well()).isTrue();
    assertThat(PathText.of(path(true, "MTUBlackHole")).well()).isFalse();
    assertThat(PathText.of(path(null, null)).well()).isFalse();
  }

  @Test
  void aBundleHasAllOfIt() {
    NetworkView ill = view("ill");
    assertThat(
            BundleText.of(
                new Replica("0.1.0", "operator-1", Optional.of("operator-1")),
                List.of(ill),
                "25",
                NOW))
        .startsWith("Operator  0.1.0\nJava      25\nInstance  operator-1\nLeader    operator-1\n")
        .contains("Time      2026-11-26T10:00:00Z\n")
        .contains("\n== status of default\n\n" + StatusText.of(ill, NOW).text())
        .contains("\n== problems of default\n\n" + ProblemText.of(ill, NOW).text())
        .endsWith("\n== nodes of default\n\n" + NodeText.of(ill, true, NOW).text());
  }

  @ParameterizedTest
  @CsvSource({
    "-5, 0s",
    "0, 0s",
    "119, 119s",
    "120, 2m",
    "192, 3m12s",
    "599, 9m59s",
    "600, 10m",
    "659, 10m",
    "10799, 179m",
    "10800, 3h",
    "11100, 3h5m",
    "28859, 8h",
    "29100, 8h",
    "172799, 47h",
    "172800, 2d",
    "183600, 2d3h",
    "691200, 8d",
    "694800, 8d",
    "86400000, 1000d"
  })
  void agesAreSaidAsKubectlSaysThem(long seconds, String said) {
    assertThat(Age.said(Duration.ofSeconds(seconds))).isEqualTo(said);
  }

  @Test
  void aTimeThatCannotBeReadHasNoAge() {
    assertThat(Age.of("soon", NOW)).isNull();
    assertThat(Age.of(null, NOW)).isNull();
  }

  private static Hop hop(
      Kind kind, String node, String title, String address, Integer mtu, State state, String note) {
    return new Hop(
        kind,
        node,
        title,
        title,
        address,
        mtu,
        null,
        List.of("IPv4 10.244.1.2 → 10.244.2.2"),
        state,
        note);
  }

  private static PacketPath path(Boolean works, String reason) {
    return new PacketPath(
        "a", "b", "host-gw", Way.DIRECT, works, "it is so", reason, null, null, List.of());
  }

  private static NetworkView healed(NetworkView ill, long generation) {
    FlannelNetworkStatus status = ill.status();
    return with(
        ill,
        generation,
        new FlannelNetworkStatus(
            status.observedGeneration(),
            Objects.requireNonNull(status.conditions()).stream()
                .map(
                    it ->
                        new StatusCondition(
                            it.type(),
                            StatusCondition.Status.TRUE,
                            "Fine",
                            "all is well",
                            it.lastTransitionTime(),
                            it.observedGeneration()))
                .toList(),
            status.applied(),
            null,
            status.rollout(),
            status.summary(),
            null,
            null,
            null,
            null));
  }

  private static NetworkView with(
      NetworkView network, long generation, FlannelNetworkStatus status) {
    return new NetworkView(
        network.name(), generation, false, network.spec(), status, network.nodes(), null);
  }

  private static NetworkView view(String name) {
    try (InputStream yaml = TextOutputTest.class.getResourceAsStream("/words/" + name + ".yaml")) {
      FlannelNetwork network = Serialization.unmarshal(yaml, FlannelNetwork.class);
      return new NetworkView(
          network.getMetadata().getName(),
          network.getMetadata().getGeneration(),
          false,
          network.getSpec(),
          network.getStatus(),
          Objects.requireNonNull(network.getStatus().nodes()),
          null);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}

package io.flannel.operator.decide.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.api.FlannelNodeStatus;
import io.flannel.operator.decide.health.AgentReport.Nonsense;
import io.flannel.operator.decide.health.AgentReport.Received;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.flannel.Cidr;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;

class AgentReportTest {
  private static final Duration AGE = Duration.ofSeconds(3);

  private static final String GOOD =
      """
      observedGeneration: 4
      reportedAt: 2026-11-23T10:00:10.2Z
      agentVersion: 0.1.0
      device: {name: flannel.ipip, kind: ipip, up: true, mtu: 1480}
      bridgeAddress: 10.244.1.1
      nic: {name: eth0, up: true, mtu: 1500, address: 192.168.0.1/24}
      bridge: {name: cni0, kind: bridge, up: true, mtu: 1480, address: 10.244.1.1/24}
      findings:
      - {reason: RouteMissing, message: "10.244.2.0/24 has no route", peer: n2}
      - {reason: RouteStale, message: "10.244.9.0/24 leads to nobody"}
      peers:
      - {name: n2, overlay: false, fullSize: false, underlay: true, lossy: true, losing: true, lossPercent: 100,
         rttP50Micros: 400, rttP99Micros: 900, since: "2026-11-23T10:00:00Z",
         route: {gateway: 192.168.0.2, device: flannel.ipip, onlink: true}}
      - {name: n3, address: 192.168.0.3, overlay: true, fullSize: true, underlay: true, losing: false, lossPercent: 0}
      """;

  @Example
  void aGoodReportIsRead() {
    Received report = (Received) read(4, GOOD);
    assertThat(report.age()).isEqualTo(AGE);
    assertThat(report.device().orElseThrow().mtu()).isEqualTo(1480);
    assertThat(report.bridgeAddress().orElseThrow().base()).isEqualTo("10.244.1.1");
    assertThat(report.nic().orElseThrow().address()).isEqualTo("192.168.0.1/24");
    assertThat(report.bridge().orElseThrow().mtu()).isEqualTo(1480);
    assertThat(report.findings())
        .containsExactly(
            new AgentReport.Finding(
                NodeFault.ROUTE_MISSING, "10.244.2.0/24 has no route", Optional.of("n2")),
            new AgentReport.Finding(
                NodeFault.ROUTE_STALE, "10.244.9.0/24 leads to nobody", Optional.empty()));
    assertThat(report.paths())
        .containsExactly(
            new AgentReport.Path(
                "n2",
                Optional.empty(),
                PathState.TUNNEL_LOST,
                Duration.ofMillis(13_200),
                false,
                Optional.of(100),
                Optional.of(400),
                Optional.of(900),
                Optional.of(
                    new FlannelNodeStatus.Route(null, "192.168.0.2", "flannel.ipip", true))),
            new AgentReport.Path(
                "n3",
                Cidr.tryAddress("192.168.0.3"),
                PathState.PASSES,
                AGE,
                true,
                Optional.of(0),
                Optional.empty(),
                Optional.empty(),
                Optional.empty()));
  }

  @Example
  void impossibleValueMakesAllOfTheReportInvalid() {
    Map.ofEntries(
            Map.entry("observedGeneration: 4|observedGeneration: 5", "observedGeneration is 5"),
            Map.entry("observedGeneration: 4|observedGeneration: -1", "observedGeneration is -1"),
            Map.entry(
                "observedGeneration: 4|observedGeneration: null", "observedGeneration is null"),
            Map.entry("2026-11-23T10:00:10.2Z|yesterday", "reportedAt is 'yesterday'"),
            Map.entry("since: \"2026-11-23T10:00:00Z\"|since: \"\"", "since is ''"),
            Map.entry("0.1.0|" + "9".repeat(65), "agentVersion has more than 64"),
            Map.entry("name: flannel.ipip|name: flannel.ipip.long", "device.name has more than 15"),
            Map.entry("name: flannel.ipip|name: null", "device.name is missing"),
            Map.entry("name: eth0|name: \"eth0\\u001b[2J\"", "nic.name is 'eth0?[2J'"),
            Map.entry("mtu: 1500|mtu: 70000", "nic.mtu is 70000"),
            Map.entry("192.168.0.1/24|192.168.0.1", "nic.address is '192.168.0.1'"),
            Map.entry("name: cni0|name: cni/0", "bridge.name is 'cni/0'"),
            Map.entry("gateway: 192.168.0.2|gateway: there", "a route's gateway is 'there'"),
            Map.entry("{gateway|{destination: all, gateway", "a route's destination is 'all'"),
            Map.entry("device: flannel.ipip,|device: \"\",", "a route's device is missing"),
            Map.entry("mtu: 1480|mtu: -1", "device.mtu is -1"),
            Map.entry("mtu: 1480|mtu: 70000", "device.mtu is 70000"),
            Map.entry("10.244.1.1|10.244.1.256", "bridgeAddress is '10.244.1.256'"),
            Map.entry("RouteStale|Bored", "the reason 'Bored', which this operator does not know"),
            Map.entry("10.244.9.0/24 leads|" + "x".repeat(1025), "message has more than 1024"),
            Map.entry(", peer: n2|", "'RouteMissing' without a peer"),
            Map.entry("peer: n2|peer: n9", "peer 'n9', which is not in its spec"),
            Map.entry("name: n3|name: n9", "peer 'n9', which is not in its spec"),
            Map.entry("name: n3|name: n2", "peers names 'n2' twice"),
            Map.entry("name: n3|name: null", "a peer's name is missing"),
            Map.entry("name: n3|name: \"\\u0007\\nn3\"", "peer '??n3'"),
            Map.entry("address: 192.168.0.3|address: there", "a peer's address is 'there'"),
            Map.entry("lossPercent: 100|lossPercent: 101", "a lossPercent of 101"),
            Map.entry("lossPercent: 100|lossPercent: -1", "a lossPercent of -1"),
            Map.entry("rttP50Micros: 400|rttP50Micros: -1", "an rttP50Micros of -1"),
            Map.entry("rttP50Micros: 400|rttP50Micros: 901", "an rttP99Micros below"),
            Map.entry("rttP99Micros: 900|rttP99Micros: 60000001", "an rttP99Micros of 60000001"))
        .forEach(
            (change, why) -> {
              String[] parts = change.split("\\|", 2);
              assertThat(GOOD).contains(parts[0]);
              assertThat(read(4, GOOD.replace(parts[0], parts[1])))
                  .as(change)
                  .isInstanceOfSatisfying(Nonsense.class, it -> assertThat(it.why()).contains(why));
            });
  }

  @Example
  void listsThatAreTooLongAreNonsense() {
    String finding = "- {reason: RouteStale}\n";
    String head = "observedGeneration: 4\nreportedAt: 2026-11-23T10:00:10Z\n";
    assertThat(read(4, head + "findings:\n" + finding.repeat(64))).isInstanceOf(Received.class);
    assertThat(read(4, head + "findings:\n" + finding.repeat(65))).isInstanceOf(Nonsense.class);
    assertThat(read(4, head + "peers:\n" + "- {name: n2}\n".repeat(129)))
        .isEqualTo(new Nonsense("there are more than 128 peers"));
  }

  @Example
  void aReportOfAnOlderSpecCountsForThePeersThatAreStillThere() {
    Received report =
        (Received) read(5, GOOD.replace("name: n3", "name: n9").replace("peer: n2", "peer: n8"));
    assertThat(report.paths()).extracting(AgentReport.Path::peer).containsExactly("n2");
    assertThat(report.findings())
        .extracting(AgentReport.Finding::fault)
        .containsExactly(NodeFault.ROUTE_STALE);
  }

  @Example
  void aClockThatWasSetBackMakesNothingOlderThanItsReport() {
    Received report =
        (Received) read(4, GOOD.replace("2026-11-23T10:00:00Z", "2031-01-01T00:00:00Z"));
    assertThat(report.paths().getFirst().held()).isEqualTo(AGE);
  }

  @Example
  void wholeSecondsMayHaveBeenCutOff() {
    Received report = (Received) read(4, GOOD.replace("10:00:10.2Z", "10:00:10Z"));
    assertThat(report.paths().getFirst().held()).isEqualTo(Duration.ofSeconds(12));
  }

  @Example
  void missingReportIsAwaited() {
    AgentReport none = AgentReport.read(1, spec(), null, Duration.ofMinutes(1));
    assertThat(none).isEqualTo(new AgentReport.Awaited(Duration.ofMinutes(1)));
    assertThat(read(4, "observedGeneration: 4")).isInstanceOf(AgentReport.Awaited.class);
  }

  @Example
  void agentIsSilentAfterThreeReportsThatDidNotCome() {
    FlannelNodeStatus status = Serialization.unmarshal(GOOD, FlannelNodeStatus.class);
    assertThat(AgentReport.read(4, spec(), status, Duration.ofMinutes(31)))
        .isInstanceOfSatisfying(Received.class, it -> assertThat(it.silent()).isFalse());
    assertThat(AgentReport.read(4, spec(), status, Duration.ofMinutes(32)))
        .isInstanceOfSatisfying(Received.class, it -> assertThat(it.silent()).isTrue());
  }

  /** Any report is either read or rejected for a short, printable reason. */
  @Property(tries = 3000)
  void anyReportIsReadOrRefused(@ForAll("statuses") FlannelNodeStatus status) {
    AgentReport report = AgentReport.read(4, spec(), status, AGE);
    switch (report) {
      case Nonsense nonsense ->
          assertThat(nonsense.why()).isNotBlank().hasSizeLessThan(256).matches("[\\x20-\\x7e…]*");
      case Received received -> {
        assertThat(received.paths())
            .allSatisfy(
                path -> {
                  assertThat(path.peer()).isIn("n2", "n3");
                  assertThat(path.held()).isGreaterThanOrEqualTo(AGE);
                  path.rttP50Micros().ifPresent(rtt -> assertThat(rtt).isNotNegative());
                });
        assertThat(received.paths()).extracting(AgentReport.Path::peer).doesNotHaveDuplicates();
      }
      case AgentReport.Awaited ignored -> assertThat(status.reportedAt()).isNull();
    }
  }

  @Provide
  Arbitrary<FlannelNodeStatus> statuses() {
    Arbitrary<String> junk = Arbitraries.strings().ofMaxLength(300);
    Arbitrary<String> names = Arbitraries.oneOf(Arbitraries.of("n2", "n3", "n9", ""), junk);
    Arbitrary<String> times =
        Arbitraries.oneOf(
            Arbitraries.of(
                "2026-11-23T10:00:00Z",
                "2026-11-23T12:00:00+02:00",
                "-999999999-01-01T00:00:00Z",
                "+999999999-12-31T23:59:59Z"),
            junk);
    Arbitrary<Boolean> bools = Arbitraries.of(true, false).injectNull(0.2);
    Arbitrary<Integer> numbers =
        Arbitraries.oneOf(Arbitraries.integers(), Arbitraries.integers().between(-1, 110))
            .injectNull(0.2);
    Arbitrary<FlannelNodeStatus.PeerReport> peers =
        Combinators.combine(
                names.injectNull(0.05),
                Combinators.combine(bools, bools, bools, bools, bools, bools)
                    .as((a, b, c, d, e, f) -> Arrays.asList(a, b, c, d, e, f)),
                numbers,
                numbers,
                numbers,
                times.injectNull(0.2),
                Combinators.combine(
                        Arbitraries.oneOf(Arbitraries.of("10.244.0.0/16"), junk).injectNull(0.5),
                        Arbitraries.oneOf(Arbitraries.of("192.168.0.82"), junk).injectNull(0.3),
                        names.injectNull(0.1),
                        bools)
                    .as(FlannelNodeStatus.Route::new)
                    .injectNull(0.5))
            .as(
                (name, seen, loss, p50, p99, since, route) ->
                    new FlannelNodeStatus.PeerReport(
                        name,
                        since,
                        seen.get(0),
                        seen.get(1),
                        seen.get(2),
                        seen.get(3),
                        seen.get(4),
                        seen.get(5),
                        loss,
                        p50,
                        p99,
                        since,
                        route));
    Arbitrary<FlannelNodeStatus.Finding> findings =
        Combinators.combine(
                Arbitraries.oneOf(
                    Arbitraries.of(NodeFault.values()).map(NodeFault::reason),
                    junk.injectNull(0.1)),
                junk.injectNull(0.1),
                names.injectNull(0.3))
            .as(FlannelNodeStatus.Finding::new);
    Arbitrary<FlannelNodeStatus.Device> devices =
        Combinators.combine(
                names,
                junk.injectNull(0.5),
                bools,
                numbers,
                Arbitraries.oneOf(Arbitraries.of("10.244.1.0/32"), junk).injectNull(0.5))
            .as(FlannelNodeStatus.Device::new)
            .injectNull(0.5);
    return Combinators.combine(
            Arbitraries.longs().between(-1, 5).injectNull(0.05),
            times.injectNull(0.05),
            Combinators.combine(
                    junk.injectNull(0.5), times.injectNull(0.5), times.injectNull(0.5), bools)
                .as(
                    (version, since, booted, stopping) ->
                        new Self(version, since, booted, stopping)),
            Combinators.combine(devices, devices, devices).as(Arrays::asList),
            Arbitraries.oneOf(Arbitraries.of("10.244.1.1", "fd00::1"), junk).injectNull(0.5),
            findings.injectNull(0.02).list().ofMaxSize(3).injectNull(0.3),
            peers.injectNull(0.02).list().ofMaxSize(4).injectNull(0.1))
        .as(
            (generation, at, self, three, bridge, found, seen) ->
                new FlannelNodeStatus(
                    generation,
                    at,
                    self.version(),
                    self.since(),
                    self.stopping(),
                    self.booted(),
                    three.get(0),
                    bridge,
                    three.get(1),
                    three.get(2),
                    found,
                    seen));
  }

  /** What an agent reports about itself. */
  private record Self(
      @Nullable String version,
      @Nullable String since,
      @Nullable String booted,
      @Nullable Boolean stopping) {}

  private static AgentReport read(long generation, String yaml) {
    return AgentReport.read(
        generation, spec(), Serialization.unmarshal("---\n" + yaml, FlannelNodeStatus.class), AGE);
  }

  private static FlannelNodeSpec spec() {
    return Serialization.unmarshal(
        """
        ---
        network: default
        backend: ipip
        peers:
        - {name: n2, address: 192.168.0.2}
        - {name: n3, address: 192.168.0.3}
        """,
        FlannelNodeSpec.class);
  }
}

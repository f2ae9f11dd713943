package io.flannel.operator.report;

import static io.flannel.operator.api.FlannelNodeSpecBuilder.nodeSpec;
import static io.flannel.operator.flannel.Networks.ipip;
import static io.flannel.operator.flannel.Networks.unmeasured;
import static io.flannel.operator.flannel.Networks.vxlan;
import static io.flannel.operator.flannel.Nodes.node;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.api.FlannelNodeStatus;
import io.flannel.operator.api.StatusCondition;
import io.flannel.operator.api.StatusCondition.Status;
import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Nodes;
import io.flannel.operator.flannel.live.LiveFlannel.PodCounts;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What holds in every scenario, whatever happens. */
class ConditionPropertyTest {
  /** Something that happens to the cluster or its network. */
  private interface Step {
    void happen(StatusScenario life);
  }

  @Property(tries = 300)
  void readyReconcilingAndStalledExcludeEachOther(@ForAll("lives") List<Step> steps) {
    StatusScenario life = new StatusScenario(ipip("10.244.0.0/16"));
    for (Step step : steps) {
      step.happen(life);
      life.report();
      assertThat(conditions(life.status()))
          .extracting(StatusCondition::type)
          .containsExactly("Accepted", "Ready", "TunnelsHealthy", "Reconciling", "Stalled");
      assertThat(
              Stream.of("Ready", "Reconciling", "Stalled")
                  .filter(type -> life.condition(type).status() == Status.TRUE))
          .hasSizeLessThanOrEqualTo(1);
      if (life.condition("Accepted").status() != Status.TRUE) {
        assertThat(life.kstatus()).isEqualTo("Failed");
      }
    }
  }

  @Property(tries = 300)
  void theSameSituationIsReportedOnce(@ForAll("lives") List<Step> steps) {
    StatusScenario life = new StatusScenario(ipip("10.244.0.0/16"));
    for (Step step : steps) {
      step.happen(life);
      life.report();
      assertThat(life.next()).isEqualTo(life.status());
      assertThat(life.report()).isEmpty();
    }
  }

  @Property(tries = 300)
  void aTransitionTimeIsThatOfTheLastChangeOfStatus(@ForAll("lives") List<Step> steps) {
    StatusScenario life = new StatusScenario(ipip("10.244.0.0/16"));
    life.report();
    for (Step step : steps) {
      List<StatusCondition> before = conditions(life.status());
      life.after(Duration.ofSeconds(7));
      step.happen(life);
      life.report();
      for (int i = 0; i < before.size(); i++) {
        StatusCondition then = before.get(i);
        StatusCondition now = conditions(life.status()).get(i);
        assertThat(now.lastTransitionTime())
            .isEqualTo(
                now.status() == then.status()
                    ? then.lastTransitionTime()
                    : life.clock().instant().toString());
      }
    }
  }

  /** Each Event reports a change: the same one never occurs twice without the other in between. */
  @Property(tries = 300)
  void readyAndNotReadyAlternate(@ForAll("lives") List<Step> steps) {
    StatusScenario life = new StatusScenario(ipip("10.244.0.0/16"));
    String last = "NotReady";
    for (Step step : steps) {
      step.happen(life);
      for (NetworkEvent happening : life.happenings()) {
        if (happening.reason().equals("Ready") || happening.reason().equals("NotReady")) {
          assertThat(happening.reason()).isNotEqualTo(last);
          last = happening.reason();
        }
      }
    }
    if (!steps.isEmpty()) {
      assertThat(life.condition("Ready").status() == Status.TRUE).isEqualTo(last.equals("Ready"));
    }
  }

  @Provide
  Arbitrary<List<Step>> lives() {
    Arbitrary<DesiredNetwork> networks =
        Arbitraries.of(
            ipip("10.244.0.0/16"),
            vxlan("10.244.0.0/16"),
            unmeasured("ipip", "10.244.0.0/16"),
            ipip("10.245.0.0/16"));
    Arbitrary<Integer> few = Arbitraries.integers().between(0, 3);
    return Arbitraries.oneOf(
            networks.map(network -> (Step) life -> life.wants(network)),
            Combinators.combine(networks, Arbitraries.of(true, true, false), few, few, few, few)
                .as(
                    (network, observed, desired, scheduled, updated, available) ->
                        (Step)
                            life ->
                                life.runs(
                                    network,
                                    new PodCounts(
                                        observed, desired, scheduled, updated, available))),
            networks.map(network -> (Step) life -> life.runs(network, 2)),
            Arbitraries.just((Step) StatusScenario::runsNothing),
            Arbitraries.of(true, false).map(paused -> (Step) life -> life.paused(paused)),
            Arbitraries.of("no", null).map(error -> (Step) life -> life.applyFails(error)),
            Arbitraries.of("10.96.0.0/12", "10.244.0.0/20")
                .map(range -> (Step) life -> life.services(range)),
            Arbitraries.integers()
                .between(1, 900)
                .map(seconds -> (Step) life -> life.after(Duration.ofSeconds(seconds))),
            Combinators.combine(reports("n2"), reports("n1"))
                .as((one, other) -> (Step) life -> life.reports(Map.of("n1", one, "n2", other))),
            Combinators.combine(nodes("n1", 1), nodes("n2", 2))
                .as((one, other) -> (Step) life -> life.nodes(one, other)))
        .list()
        .ofMaxSize(25)
        .withoutEdgeCases();
  }

  /** Returns reports of an agent with this peer. */
  private static Arbitrary<AgentReport> reports(String peer) {
    var spec =
        nodeSpec(BackendType.IPIP)
            .peers(List.of(new FlannelNodeSpec.Peer(peer, "192.168.0.9", null, null, null, null)))
            .get();
    Arbitrary<Boolean> answers = Arbitraries.of(true, true, false).injectNull(0.1);
    return Combinators.combine(answers, answers, answers, answers, Arbitraries.of(0, 5, 3000))
        .as(
            (overlay, fullSize, underlay, alive, age) ->
                AgentReport.read(
                    1,
                    spec,
                    new FlannelNodeStatus(
                        1L,
                        "2026-11-23T10:00:00Z",
                        null,
                        null,
                        null,
                        null,
                        null,
                        null,
                        null,
                        null,
                        null,
                        List.of(
                            new FlannelNodeStatus.PeerReport(
                                peer, null, overlay, fullSize, underlay, alive, null, null, null,
                                null, null, null, null))),
                    Duration.ofSeconds(age)));
  }

  private static Arbitrary<Nodes> nodes(String name, int number) {
    String ip = "192.168.0." + number;
    String podCidr = "10.244.%d.0/24".formatted(number);
    return Arbitraries.of("none", "free", "ipip", "vxlan", "twin")
        .map(
            state ->
                switch (state) {
                  case "none" -> node(name);
                  case "free" -> node(name).podCidr(podCidr);
                  case "twin" -> node(name).podCidr("10.244.9.0/24").leased("ipip", ip);
                  default -> node(name).podCidr(podCidr).leased(state, ip);
                });
  }

  private static List<StatusCondition> conditions(FlannelNetworkStatus status) {
    return Objects.requireNonNull(status.conditions());
  }
}

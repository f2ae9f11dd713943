package io.flannel.operator.decide.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.decide.PreviousStatus;
import io.flannel.operator.decide.health.TunnelIssue.At;
import io.flannel.operator.decide.health.TunnelIssue.Between;
import io.flannel.operator.decide.health.TunnelIssue.OneWay;
import io.flannel.operator.decide.health.TunnelIssue.Place;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.decide.problem.ProblemReason;
import io.flannel.operator.decide.problem.TunnelProblem;
import io.flannel.operator.flannel.Networks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Injects faults into a cluster: these, and nothing else, must be named. */
class TunnelPropertyTest {
  private enum Fault {
    OFF,
    AGENT_KILLED,
    BLOCKED,
    DEVICE_DOWN,
    NARROW,
    LOSSY,
    UNREPORTED,
    STALE_ROUTE,
    PAIR_BLOCKED,
    PAIR_NARROW,
    ONE_WAY,
    ROUTE_MISSING
  }

  /** A cluster, its faults, and the expected verdicts. */
  private static final class Case {
    final TunnelScenario lab;
    final Map<ProblemReason, SortedSet<Place>> troubles = new HashMap<>();
    final Map<String, Set<Tunnel>> tunnels = new HashMap<>();

    Case(int size, Random random) {
      lab = new TunnelScenario(size);
      List<String> names = new ArrayList<>(lab.names());
      Collections.shuffle(names, random);
      // At most a quarter of the nodes, so that healthy ones are the majority everywhere.
      int budget = random.nextInt(Math.max(1, size / 4) + 1);
      while (budget > 0) {
        Fault fault = Fault.values()[random.nextInt(Fault.values().length)];
        boolean two = fault.compareTo(Fault.PAIR_BLOCKED) >= 0;
        if (two && budget < 2 && size < 8) {
          break;
        }
        String node = names.removeLast();
        String other = two ? peerOf(node, names) : null;
        if (two && other == null) {
          break;
        }
        names.remove(other);
        inject(fault, node, String.valueOf(other));
        budget -= two ? 2 : 1;
      }
    }

    /** Returns one of these nodes that the node probes; null if there is none. */
    private String peerOf(String node, List<String> among) {
      List<String> peers = ProbePlan.of(lab.names()).peersOf(node);
      return among.stream().filter(peers::contains).findFirst().orElse(null);
    }

    private void inject(Fault fault, String node, String other) {
      boolean first = node.compareTo(other) < 0;
      Place between = first ? new Between(node, other) : new Between(other, node);
      switch (fault) {
        case OFF -> {
          lab.off(node);
          expect(TunnelProblem.NODE_UNREACHABLE, At.node(node), Tunnel.DOWN, node);
        }
        case AGENT_KILLED -> {
          lab.agentKilled(node);
          expect(TunnelProblem.AGENT_SILENT, At.node(node), Tunnel.UNKNOWN, node);
        }
        case BLOCKED -> {
          lab.blocked(node);
          expect(TunnelProblem.ENCAPSULATION_BLOCKED, At.node(node), Tunnel.DOWN, node);
        }
        case DEVICE_DOWN -> {
          lab.cutOff(node, NodeFault.DEVICE_DOWN);
          expect(NodeFault.DEVICE_DOWN, At.node(node), Tunnel.DOWN, node);
        }
        case NARROW -> {
          lab.narrow(node);
          expect(TunnelProblem.MTU_BLACK_HOLE, At.node(node), Tunnel.DEGRADED, node);
        }
        case LOSSY -> {
          lab.lossy(node);
          expect(TunnelProblem.PACKET_LOSS, At.node(node), Tunnel.DEGRADED, node);
        }
        case UNREPORTED -> {
          lab.unreported(node);
          expect(TunnelProblem.NOT_REPORTED, At.node(node), Tunnel.UNKNOWN, node);
        }
        case STALE_ROUTE -> {
          lab.finds(node, NodeFault.ROUTE_STALE, null);
          expect(NodeFault.ROUTE_STALE, At.node(node), Tunnel.DEGRADED, node);
        }
        case PAIR_BLOCKED -> {
          lab.blocked(node, other);
          expect(TunnelProblem.ENCAPSULATION_BLOCKED, between, Tunnel.DEGRADED, node, other);
        }
        case PAIR_NARROW -> {
          lab.narrow(node, other);
          expect(TunnelProblem.MTU_BLACK_HOLE, between, Tunnel.DEGRADED, node, other);
        }
        case ONE_WAY -> {
          lab.oneWay(node, other);
          expect(
              TunnelProblem.ENCAPSULATION_BLOCKED, new OneWay(node, other), Tunnel.DEGRADED, node);
        }
        case ROUTE_MISSING -> {
          lab.cutOff(node, other, NodeFault.ROUTE_MISSING);
          expect(NodeFault.ROUTE_MISSING, new At(node, Optional.of(other)), Tunnel.DEGRADED, node);
        }
      }
    }

    private void expect(ProblemReason cause, Place place, Tunnel tunnel, String... nodes) {
      troubles.computeIfAbsent(cause, it -> new TreeSet<>(Place.ORDER)).add(place);
      for (String node : nodes) {
        tunnels.put(node, Set.of(tunnel));
      }
    }

    void check(TunnelVerdicts verdicts) {
      assertThat(
              verdicts.troubles().stream()
                  .collect(Collectors.toMap(TunnelIssue::cause, it -> Set.copyOf(it.places()))))
          .isEqualTo(
              troubles.entrySet().stream()
                  .collect(Collectors.toMap(Map.Entry::getKey, it -> Set.copyOf(it.getValue()))));
      verdicts
          .nodes()
          .forEach(
              (node, verdict) ->
                  assertThat(tunnels.getOrDefault(node, Set.of(Tunnel.HEALTHY)))
                      .as(node)
                      .contains(verdict.tunnel()));
      verdicts
          .nodes()
          .forEach(
              (node, verdict) ->
                  assertThat(verdict.cause().isPresent())
                      .as(node)
                      .isEqualTo(tunnels.containsKey(node)));
    }
  }

  @Property(tries = 1500)
  void faultsThatThereAreAreNamedAndNoOthers(
      @ForAll @IntRange(min = 4, max = 80) int size, @ForAll long seed) {
    Case it = new Case(size, new Random(seed));
    it.check(it.lab.verdicts());
  }

  @Property(tries = 200)
  void theOrderOfNodesAndReportsDoesNotMatter(
      @ForAll @IntRange(min = 4, max = 80) int size, @ForAll long seed) {
    Random random = new Random(seed);
    Case it = new Case(size, random);
    List<NodeLease> leases = new ArrayList<>(it.lab.leases());
    Collections.shuffle(leases, random);
    List<Map.Entry<String, AgentReport>> entries = new ArrayList<>(it.lab.reports().entrySet());
    Collections.shuffle(entries, random);
    Map<String, AgentReport> reports = new LinkedHashMap<>();
    entries.forEach(entry -> reports.put(entry.getKey(), shuffled(entry.getValue(), random)));

    assertThat(
            TunnelVerdicts.judge(
                Networks.ipip("10.0.0.0/8").health(), leases, reports, PreviousStatus.NOTHING))
        .usingRecursiveComparison()
        .ignoringFieldsMatchingRegexes("troubles.*")
        .isEqualTo(it.lab.verdicts());
    it.check(
        TunnelVerdicts.judge(
            Networks.ipip("10.0.0.0/8").health(), leases, reports, PreviousStatus.NOTHING));
  }

  private static AgentReport shuffled(AgentReport report, Random random) {
    if (!(report instanceof AgentReport.Received received)) {
      return report;
    }
    List<AgentReport.Path> paths = new ArrayList<>(received.paths());
    Collections.shuffle(paths, random);
    return new AgentReport.Received(
        received.age(),
        received.agentFor(),
        received.nodeFor(),
        received.stopping(),
        received.device(),
        received.bridgeAddress(),
        received.nic(),
        received.bridge(),
        received.findings(),
        paths);
  }

  /** Whatever one agent reports about its peers, it cannot make another node look unhealthy. */
  @Property(tries = 1000)
  void nobodyIsBlamedOnTheWordOfOneLiar(
      @ForAll @IntRange(min = 3, max = 80) int size, @ForAll long seed) {
    Random random = new Random(seed);
    TunnelScenario lab = new TunnelScenario(size);
    String liar = TunnelScenario.name(random.nextInt(size));
    double share = random.nextDouble();
    for (String peer : lab.names()) {
      if (!peer.equals(liar) && random.nextDouble() < share) {
        PathState[] states = PathState.values();
        lab.lies(liar, peer, states[random.nextInt(states.length)]);
      }
    }
    lab.since(Duration.ofSeconds(random.nextInt(300)));

    lab.verdicts()
        .nodes()
        .forEach(
            (node, verdict) -> {
              if (!node.equals(liar)) {
                assertThat(verdict.tunnel()).as(node).isEqualTo(Tunnel.HEALTHY);
                assertThat(verdict.cause()).as(node).isEmpty();
              }
            });
  }

  /** A fault that is too recent may stay unnamed, but never gets a wrong name. */
  @Property(tries = 500)
  void faultsThatAreNamedEarlyAreNamedRight(
      @ForAll @IntRange(min = 4, max = 80) int size,
      @ForAll long seed,
      @ForAll @IntRange(min = 0, max = 6000) int millis) {
    Case it = new Case(size, new Random(seed));
    it.lab.since(Duration.ofMillis(millis));
    TunnelVerdicts verdicts = it.lab.verdicts();
    for (TunnelIssue trouble : verdicts.troubles()) {
      assertThat(it.troubles).containsKey(trouble.cause());
      assertThat(it.troubles.get(trouble.cause())).containsAll(trouble.places());
    }
    // What is unnamed is not forgotten: the verdicts say when to look again.
    if (!names(verdicts).equals(it.troubles.keySet())) {
      assertThat(verdicts.lookAgain()).hasValueSatisfying(wait -> assertThat(wait).isPositive());
      assertThat(verdicts.lookAgain().orElseThrow()).isLessThanOrEqualTo(Duration.ofSeconds(6));
    }
  }

  private static Set<ProblemReason> names(TunnelVerdicts verdicts) {
    return verdicts.troubles().stream().map(TunnelIssue::cause).collect(Collectors.toSet());
  }
}

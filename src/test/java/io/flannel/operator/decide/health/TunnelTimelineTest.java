package io.flannel.operator.decide.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.NodeStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Problem;
import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.api.FlannelNodeStatus;
import io.flannel.operator.api.FlannelNodeStatus.Finding;
import io.flannel.operator.api.FlannelNodeStatus.PeerReport;
import io.flannel.operator.decide.PreviousStatus;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.decide.problem.ProblemReason;
import io.flannel.operator.decide.problem.TunnelProblem;
import io.flannel.operator.flannel.DesiredNetwork.Health;
import io.flannel.operator.flannel.Networks;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/**
 * A fault from beginning to end. The agents notice it one after the other, each at its own point of
 * the probe interval and with its own clock. The fault must get its name in time, and never a wrong
 * one. All times are in milliseconds.
 */
class TunnelTimelineTest {
  private static final Health HEALTH = Networks.ipip("10.0.0.0/8").health();
  private static final long INTERVAL = HEALTH.interval().toMillis();

  /**
   * Time from the first lost or answered probe of a new state to the last one that it takes. A lost
   * probe counts {@link #LOST_AFTER} after it was sent.
   */
  private static final long NOTICED = (HEALTH.failAfter() - 1) * INTERVAL;

  private static final long LOST_AFTER = 1000;

  private enum Fault {
    BLOCKED,
    OFF,
    AGENT_KILLED,
    DEVICE_DOWN,
    NARROW,
    PAIR_BLOCKED,
    ROUTE_MISSING
  }

  /** What an agent sees of a peer from this time on. */
  private record Change(long at, String agent, String peer, PathState state) {}

  /** When an agent loses probes to a peer whose path does not count as down yet. */
  private record Losing(long from, long until, String agent, String peer) {}

  /** When the fault ends, in cluster time; it begins at 0. */
  private static final long HEALED = 40_000;

  /**
   * When the fault must be named. The goal is ten seconds, part of which the operator's write
   * takes.
   */
  private static final long NAMED = 9_900;

  /**
   * When a blocked pair must be named if both nodes have other peers to vouch for them: once both
   * have reported.
   */
  private static final long PAIR_NAMED = INTERVAL + NOTICED + LOST_AFTER + 400;

  private static final long END = 80_000;

  @Property(tries = 1500)
  void aFaultHasOneNameFromItsBeginningToItsEnd(
      @ForAll @IntRange(min = 2, max = 12) int size,
      @ForAll long seed,
      @ForAll Fault fault,
      @ForAll boolean wholeSeconds) {
    Random random = new Random(seed);
    TunnelScenario lab = new TunnelScenario(size);
    List<String> names = lab.names();
    String ill = names.get(random.nextInt(size));
    String other = names.get((names.indexOf(ill) + 1 + random.nextInt(size - 1)) % size);
    ProblemReason expected = inject(fault, lab, ill, other);
    Set<String> concerned =
        fault == Fault.PAIR_BLOCKED
                || (fault == Fault.BLOCKED || fault == Fault.NARROW) && size == 2
            ? Set.of(ill, other)
            : Set.of(ill);

    List<Change> changes = new ArrayList<>();
    List<Losing> losses = new ArrayList<>();
    TunnelScenario well = new TunnelScenario(size);
    for (String agent : names) {
      boolean dead = agent.equals(ill) && (fault == Fault.OFF || fault == Fault.AGENT_KILLED);
      for (String peer : names) {
        if (agent.equals(peer) || lab.probe(agent, peer) == well.probe(agent, peer) || dead) {
          continue;
        }
        long phase = random.nextLong(INTERVAL);
        long lost = phase + NOTICED + LOST_AFTER;
        losses.add(new Losing(phase + LOST_AFTER, lost, agent, peer));
        PathState state = lab.probe(agent, peer);
        if (state == PathState.UNREACHABLE || state == PathState.SILENT) {
          changes.add(new Change(lost, agent, peer, PathState.UNDECIDED));
          lost += state == PathState.SILENT ? random.nextLong(200) : random.nextLong(1000);
        }
        changes.add(new Change(lost, agent, peer, state));
        changes.add(new Change(HEALED + phase + NOTICED + 1, agent, peer, PathState.PASSES));
      }
    }
    boolean found = fault == Fault.DEVICE_DOWN || fault == Fault.ROUTE_MISSING;
    long findingAt = found ? random.nextLong(4000) : Long.MAX_VALUE;
    long findingGone = found ? HEALED + random.nextLong(2000) : Long.MAX_VALUE;
    run(
        lab,
        changes,
        losses,
        new Finds(
            ill,
            findingAt,
            findingGone,
            new Finding(expected.reason(), "", fault == Fault.ROUTE_MISSING ? other : null)),
        random,
        wholeSeconds,
        (time, verdicts) -> {
          for (TunnelIssue trouble : verdicts.troubles()) {
            assertThat(trouble.cause()).as("at %d ms", time).isEqualTo(expected);
            assertThat(trouble.places().stream().flatMap(it -> it.nodes().stream()))
                .as("at %d ms: %s", time, trouble)
                .allMatch(concerned::contains);
          }
          if (time >= NAMED && time < HEALED) {
            assertThat(verdicts.troubles()).as("at %d ms", time).hasSize(1);
            assertThat(concerned)
                .allSatisfy(
                    it ->
                        assertThat(verdicts.nodes().get(it).tunnel())
                            .as("at %d ms", time)
                            .isNotEqualTo(Tunnel.HEALTHY));
          }
          if (fault == Fault.PAIR_BLOCKED && size > 2 && time >= PAIR_NAMED && time < HEALED) {
            assertThat(verdicts.troubles()).as("at %d ms", time).hasSize(1);
          }
          if (time >= HEALED + 8_000) {
            assertThat(verdicts.troubles()).as("at %d ms", time).isEmpty();
            assertThat(verdicts.nodes().values())
                .allSatisfy(it -> assertThat(it.tunnel()).isEqualTo(Tunnel.HEALTHY));
          }
        });
  }

  private static ProblemReason inject(Fault fault, TunnelScenario lab, String ill, String other) {
    return switch (fault) {
      case BLOCKED -> {
        lab.blocked(ill);
        yield TunnelProblem.ENCAPSULATION_BLOCKED;
      }
      case OFF -> {
        lab.off(ill);
        yield TunnelProblem.NODE_UNREACHABLE;
      }
      case AGENT_KILLED -> {
        lab.agentKilled(ill);
        yield TunnelProblem.AGENT_SILENT;
      }
      case DEVICE_DOWN -> {
        lab.blocked(ill);
        yield NodeFault.DEVICE_DOWN;
      }
      case NARROW -> {
        lab.narrow(ill);
        yield TunnelProblem.MTU_BLACK_HOLE;
      }
      case PAIR_BLOCKED -> {
        lab.blocked(ill, other);
        yield TunnelProblem.ENCAPSULATION_BLOCKED;
      }
      case ROUTE_MISSING -> {
        lab.blocked(ill, other);
        yield NodeFault.ROUTE_MISSING;
      }
    };
  }

  private record Finds(String agent, long from, long until, Finding finding) {
    List<Finding> at(String node, long time) {
      return node.equals(agent) && from <= time && time < until ? List.of(finding) : List.of();
    }
  }

  private interface Check {
    void at(long time, TunnelVerdicts verdicts);
  }

  /**
   * Plays the timeline. Agents report changes at once and reports take a moment to arrive. The
   * operator judges at each arrival, and when its verdicts say to look again.
   */
  private static void run(
      TunnelScenario lab,
      List<Change> changes,
      List<Losing> losses,
      Finds finds,
      Random random,
      boolean wholeSeconds,
      Check check) {
    SortedMap<String, FlannelNodeSpec> specs = lab.specs();
    Map<String, Long> clocks = new HashMap<>();
    specs.keySet().forEach(node -> clocks.put(node, random.nextLong(7_200_000) - 3_600_000));
    SortedMap<Long, Sent> arrivals = arrivals(changes, finds, random);
    Map<String, Sent> latest = new LinkedHashMap<>();
    Map<String, Long> arrived = new HashMap<>();
    specs.keySet().forEach(node -> latest.put(node, new Sent(node, -300_000)));
    specs.keySet().forEach(node -> arrived.put(node, -300_000L));
    PreviousStatus before = PreviousStatus.NOTHING;
    long time = 0;
    while (time < END) {
      Map<String, AgentReport> reports = new TreeMap<>();
      for (String node : specs.keySet()) {
        reports.put(
            node,
            AgentReport.read(
                1,
                specs.get(node),
                status(
                    node,
                    specs.get(node),
                    latest.get(node).made(),
                    changes,
                    losses,
                    finds,
                    clocks.get(node),
                    wholeSeconds),
                Duration.ofMillis(time - arrived.get(node))));
      }
      TunnelVerdicts verdicts = TunnelVerdicts.judge(HEALTH, lab.leases(), reports, before);
      check.at(time, verdicts);
      before = told(verdicts);

      long next = verdicts.lookAgain().map(Duration::toMillis).orElse(END) + time;
      SortedMap<Long, Sent> rest = arrivals.tailMap(time + 1);
      if (!rest.isEmpty() && rest.firstKey() <= next) {
        check.at(rest.firstKey() - 1, verdicts);
        time = rest.firstKey();
        Sent report = arrivals.get(time);
        latest.put(report.agent(), report);
        arrived.put(report.agent(), time);
      } else {
        check.at(Math.max(next, time + 1) - 1, verdicts);
        time = Math.max(next, time + 1);
      }
    }
  }

  private record Sent(String agent, long made) {}

  /**
   * Returns the reports by arrival time. Like real agents, these write changes within 200 ms
   * together, and at most once a second.
   */
  private static SortedMap<Long, Sent> arrivals(List<Change> changes, Finds finds, Random random) {
    Map<String, TreeSet<Long>> times = new TreeMap<>();
    for (Change change : changes) {
      times.computeIfAbsent(change.agent(), it -> new TreeSet<>()).add(change.at());
    }
    if (finds.from() < END) {
      times
          .computeIfAbsent(finds.agent(), it -> new TreeSet<>())
          .addAll(List.of(finds.from(), finds.until()));
    }
    SortedMap<Long, Sent> arrivals = new TreeMap<>();
    times.forEach(
        (agent, changed) -> {
          long written = -10_000;
          for (long time : changed) {
            if (time > written) {
              written = Math.max(time + 200, written + 1000);
              long arrival = written + 20 + random.nextLong(80);
              while (arrivals.containsKey(arrival)) {
                arrival++;
              }
              arrivals.put(arrival, new Sent(agent, written));
            }
          }
        });
    return arrivals;
  }

  /** The status made from these verdicts, as far as the next diagnosis uses it. */
  private static PreviousStatus told(TunnelVerdicts verdicts) {
    List<NodeStatus> nodes =
        verdicts.nodes().entrySet().stream()
            .map(
                entry ->
                    new NodeStatus(
                        entry.getKey(),
                        true,
                        null,
                        null,
                        null,
                        null,
                        null,
                        null,
                        entry.getValue().tunnel(),
                        entry.getValue().cause().map(ProblemReason::reason).orElse(null),
                        null,
                        null,
                        null,
                        null))
            .toList();
    List<Problem> problems =
        verdicts.troubles().stream()
            .map(
                trouble ->
                    new Problem(
                        trouble.cause().reason(),
                        "",
                        trouble.places().stream().flatMap(it -> it.nodes().stream()).toList(),
                        null,
                        null))
            .toList();
    return PreviousStatus.of(
        Optional.of(
            new FlannelNetworkStatus(
                1L, null, null, null, null, null, nodes, null, problems, null)));
  }

  private static FlannelNodeStatus status(
      String node,
      FlannelNodeSpec spec,
      long made,
      List<Change> changes,
      List<Losing> losses,
      Finds finds,
      long clock,
      boolean wholeSeconds) {
    List<PeerReport> peers = new ArrayList<>();
    for (var peer : spec.peers()) {
      Change state = new Change(-300_000, node, peer.name(), PathState.PASSES);
      for (Change change : changes) {
        if (change.agent().equals(node)
            && change.peer().equals(peer.name())
            && change.at() <= made
            && change.at() >= state.at()) {
          state = change;
        }
      }
      boolean losing =
          losses.stream()
              .filter(it -> it.agent().equals(node) && it.peer().equals(peer.name()))
              .anyMatch(it -> it.from() <= made && made < it.until());
      peers.add(
          TunnelScenario.report(
              peer.name(),
              peer.address(),
              state.state(),
              losing,
              at(state.at() + clock, wholeSeconds)));
    }
    return new FlannelNodeStatus(
        1L,
        at(made + clock, wholeSeconds).toString(),
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        finds.at(node, made),
        peers);
  }

  private static Instant at(long millis, boolean wholeSeconds) {
    Instant time = TunnelScenario.NOW.plusMillis(millis);
    return wholeSeconds ? time.truncatedTo(ChronoUnit.SECONDS) : time;
  }
}

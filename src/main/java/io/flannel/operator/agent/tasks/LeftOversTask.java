package io.flannel.operator.agent.tasks;

import static java.util.stream.Collectors.toSet;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.flannel.operator.agent.Log;
import io.flannel.operator.agent.checks.DepartedPeers;
import io.flannel.operator.agent.checks.DepartedPeers.ForwardingRemoval;
import io.flannel.operator.agent.checks.DepartedPeers.NeighbourRemoval;
import io.flannel.operator.agent.checks.Iproute2;
import io.flannel.operator.agent.checks.LeftOvers;
import io.flannel.operator.agent.checks.LeftOvers.DeviceRemoval;
import io.flannel.operator.agent.checks.LeftOvers.Removal;
import io.flannel.operator.agent.checks.LeftOvers.RouteRemoval;
import io.flannel.operator.agent.checks.Link;
import io.flannel.operator.agent.checks.Neighbour;
import io.flannel.operator.agent.checks.ReadResult;
import io.flannel.operator.agent.checks.Route;
import io.flannel.operator.decide.leftover.LeftOverTask;
import io.flannel.operator.decide.leftover.LeftOversFound;
import io.flannel.operator.decide.task.TaskResult;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.Names;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Removes what flannel left, in steps: some routes or entries, or one device. Before each step, the
 * node is read and the plan made again. After it, what was removed must be gone and the route to
 * every other node must be what it was, or the task stops.
 *
 * <p>The order is some seconds old when the task runs, and a node may have joined since. So a route
 * to a range without a node is removed only if the order names that range as gone. Otherwise it is
 * reported, and the next order names it if the range still has no node.
 */
final class LeftOversTask implements NodeTask.Task {
  /** Maximum number of routes or entries to remove before the node is read again. */
  private static final int AT_ONCE = 50;

  /** The kernel's own tables; the plan covers only the main table. */
  private static final Set<String> KNOWN_TABLES = Set.of("main", "local", "254", "255");

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Iproute2 iproute2;
  private final Commands commands;
  private final List<String> removed = new ArrayList<>();

  LeftOversTask(Iproute2 iproute2, Commands commands) {
    this.iproute2 = iproute2;
    this.commands = commands;
  }

  /** Stops the task; the message says why. */
  private static final class StoppedException extends Exception {
    private static final long serialVersionUID = 1;

    StoppedException(String message) {
      super(message);
    }
  }

  /** The node at one moment, and what to remove from it. */
  private record Look(
      List<Removal> removals,
      List<String> kept,
      List<Link> links,
      List<Route> routes,
      List<Neighbour> neighbours) {

    Map<Cidr, Route> ways(LeftOvers.Wanted wanted) {
      return LeftOvers.ways(wanted, routes);
    }

    /**
     * What would be removed, too, if whatever looks like the range of a node that is gone counted
     * as one.
     */
    LeftOversFound found(LeftOvers.Wanted wanted) {
      LeftOvers.Wanted suspecting = wanted.suspecting();
      Stream<Cidr> routesTo =
          LeftOvers.plan(suspecting, links, routes).removals().stream()
              .filter(removal -> !removals.contains(removal))
              .filter(RouteRemoval.class::isInstance)
              .map(removal -> ((RouteRemoval) removal).route().destination());
      Stream<Cidr> neighboursOf =
          DepartedPeers.neighbours(suspecting, neighbours).stream()
              .filter(removal -> !removals.contains(removal))
              .map(NeighbourRemoval::range);
      return LeftOversFound.of(Stream.concat(routesTo, neighboursOf).map(Cidr::toString).toList());
    }
  }

  @Override
  public TaskResult run(String order) {
    LeftOvers.Wanted wanted = wanted(LeftOverTask.read(order));
    try {
      Look look = look(wanted);
      while (!look.removals().isEmpty()) {
        look = remove(wanted, look);
      }
      String what = removed.isEmpty() ? "nothing" : Names.and(removed);
      TaskResult result =
          look.kept().isEmpty()
              ? TaskResult.done("removed " + what)
              : TaskResult.failed("removed %s, but %s".formatted(what, Names.and(look.kept())));
      return look.found(wanted).in(result);
    } catch (StoppedException e) {
      return TaskResult.failed(
          (removed.isEmpty() ? "" : "removed %s; then ".formatted(Names.and(removed)))
              + e.getMessage());
    }
  }

  private Look remove(LeftOvers.Wanted wanted, Look before) throws StoppedException {
    boolean device = before.removals().getFirst() instanceof DeviceRemoval;
    List<Removal> now =
        before.removals().stream()
            .takeWhile(removal -> removal instanceof DeviceRemoval == device)
            .limit(device ? 1 : AT_ONCE)
            .toList();
    for (Removal removal : now) {
      if (removal instanceof DeviceRemoval(Link link)) {
        mustBeUnused(link.name());
      }
      Optional<String> failure = commands.failure(removal.command());
      if (failure.isPresent()) {
        throw new StoppedException(failure.get());
      }
      Log.info(LeftOversTask.class, "removed " + removal);
      removed.add(removal.toString());
    }
    Look after = look(wanted);
    mustBeGone(now, after);
    mustBeAsBefore(now, before.ways(wanted), after.ways(wanted));
    return after;
  }

  private Look look(LeftOvers.Wanted wanted) throws StoppedException {
    Iproute2.Answers answers = iproute2.answers();
    List<Link> links = read(answers.links());
    boolean ipv6 =
        wanted.ranges().stream().anyMatch(range -> range.network().family() == Cidr.Family.IPV6);
    List<Route> routes = new ArrayList<>(read(answers.routes()).all());
    if (ipv6) {
      routes.addAll(read(iproute2.ipv6Routes()).all());
    }
    LeftOvers.Plan plan = LeftOvers.plan(wanted, links, routes);
    List<Neighbour> neighbours = read(answers.neighbours());
    List<Removal> removals = new ArrayList<>(plan.removals());
    removals.addAll(entries(wanted, neighbours));
    return new Look(removals, plan.kept(), links, routes, neighbours);
  }

  /** Lists forwarding entries before their neighbours, which tell whose entries they are. */
  private List<Removal> entries(LeftOvers.Wanted wanted, List<Neighbour> neighbours)
      throws StoppedException {
    List<NeighbourRemoval> gone = DepartedPeers.neighbours(wanted, neighbours);
    List<Removal> entries = new ArrayList<>();
    for (String device : gone.stream().map(one -> one.neighbour().device()).distinct().toList()) {
      DepartedPeers.forwarding(gone, neighbours, device, read(iproute2.forwarding(device)))
          .forEach(entries::add);
    }
    entries.addAll(gone);
    return entries;
  }

  private static <T> T read(ReadResult<T> reading) throws StoppedException {
    return switch (reading) {
      case ReadResult.Read<T>(T what) -> what;
      case ReadResult.Failed<T>(String why) -> throw new StoppedException(why);
      case ReadResult.Absent<T>() -> throw new StoppedException("iproute2 printed nothing");
    };
  }

  /**
   * Stops if the device has routes in tables that only rules lead to: nobody but their maker knows
   * what they are for.
   */
  private void mustBeUnused(String device) throws StoppedException {
    for (String family : List.of("-4", "-6")) {
      Commands.Outcome outcome =
          commands.run(List.of("ip", family, "-j", "route", "show", "table", "all", "dev", device));
      for (JsonNode route : json(outcome.output())) {
        String table = route.path("table").asText("main");
        if (!KNOWN_TABLES.contains(table)) {
          throw new StoppedException(
              "%s stays, since the route %s of table %s uses it: remove that one first"
                  .formatted(device, route.path("dst").asText(), table));
        }
      }
    }
  }

  private static JsonNode json(String text) throws StoppedException {
    try {
      return JSON.readTree(text.isEmpty() ? "[]" : text);
    } catch (JsonProcessingException e) {
      throw new StoppedException("ip route show table all printed no JSON");
    }
  }

  private static void mustBeGone(List<Removal> removals, Look after) throws StoppedException {
    Set<Link.Identity> links = after.links().stream().map(Link::identity).collect(toSet());
    for (Removal removal : removals) {
      boolean there =
          switch (removal) {
            case DeviceRemoval(Link device) -> links.contains(device.identity());
            case RouteRemoval _, NeighbourRemoval _, ForwardingRemoval _ ->
                after.removals().contains(removal);
          };
      if (there) {
        throw new StoppedException(removal + " is still there though it was removed");
      }
    }
  }

  private static void mustBeAsBefore(
      List<Removal> removals, Map<Cidr, Route> before, Map<Cidr, Route> after)
      throws StoppedException {
    Set<Route> gone = new HashSet<>();
    removals.stream()
        .filter(RouteRemoval.class::isInstance)
        .forEach(removal -> gone.add(((RouteRemoval) removal).route()));
    for (var way : before.entrySet()) {
      Route now = after.get(way.getKey());
      if (now == null || (!now.equals(way.getValue()) && !gone.contains(way.getValue()))) {
        throw new StoppedException(
            "the way to %s, which was %s, is %s: something else changes routes"
                .formatted(way.getKey(), way.getValue(), now == null ? "gone" : now.toString()));
      }
    }
  }

  private static LeftOvers.Wanted wanted(LeftOverTask order) {
    return new LeftOvers.Wanted(
        Set.copyOf(order.devices()),
        order.ranges().stream()
            .map(
                range -> {
                  Cidr own = Cidr.parse(range.own());
                  return new LeftOvers.Range(
                      Cidr.parse(range.network()),
                      own,
                      range.live().stream()
                          .map(Cidr::parse)
                          .filter(live -> !live.equals(own))
                          .collect(toSet()),
                      range.complete(),
                      Optional.ofNullable(range.networkDevice()));
                })
            .toList(),
        Optional.of(order.gone().stream().map(Cidr::parse).collect(toSet())));
  }
}

package io.flannel.operator.report.path;

import io.flannel.operator.api.FlannelNodeStatus.Device;
import io.flannel.operator.decide.health.PathState;
import io.flannel.operator.decide.health.TunnelVerdicts;
import io.flannel.operator.flannel.Backend;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.Encapsulation;
import io.flannel.operator.report.path.PacketPath.Hop;
import io.flannel.operator.report.path.PacketPath.Kind;
import io.flannel.operator.report.path.PacketPath.State;
import io.flannel.operator.report.path.PacketPath.Way;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Assembles a packet's path, for IPv4 unless both nodes have only IPv6 in common. */
public final class PathReport {
  private final PathEndpoint from;
  private final PathEndpoint to;
  private final Cidr.Family family;
  private final PathRoute way;
  private final Headers headers;
  private final List<Hop> hops = new ArrayList<>();

  /** Index of the wire in the hops: later ones are on the receiver's node. */
  private int wire;

  private PathReport(PathEndpoint from, PathEndpoint to, List<Backend> backends) {
    this.from = from;
    this.to = to;
    boolean ipv4 = from.pods(Cidr.Family.IPV4).isPresent() && to.pods(Cidr.Family.IPV4).isPresent();
    boolean ipv6 = from.pods(Cidr.Family.IPV6).isPresent() && to.pods(Cidr.Family.IPV6).isPresent();
    family = ipv6 && !ipv4 ? Cidr.Family.IPV6 : Cidr.Family.IPV4;
    way = PathRoute.of(from, to, family, backends);
    headers = new Headers(from, to, family, way.backend(), way.encapsulated());
  }

  /**
   * Returns the path from one node's pods to another's.
   *
   * @param backends those that nodes may run, the one in force first
   * @param verdicts the verdicts on the tunnels; empty if nothing measures them
   */
  public static PacketPath of(
      PathEndpoint from,
      PathEndpoint to,
      List<Backend> backends,
      Optional<TunnelVerdicts> verdicts) {
    return new PathReport(from, to, backends).report(verdicts);
  }

  private PacketPath report(Optional<TunnelVerdicts> verdicts) {
    draw();
    ProbeOutcome probed = ProbeOutcome.of(from, to);
    List<PathFault> breaks =
        new ArrayList<>(Faults.of(from, to, way.encapsulated(), probed.state().lost()));
    if (breaks.stream().noneMatch(PathFault::cuts)) {
      probed.breakOf(from, to, way.backend(), verdicts).ifPresent(breaks::add);
    }
    Optional<PathFault> told = told(breaks);
    breaks.forEach(found -> mark(found, told));
    Boolean works = works(breaks, probed.state());
    return new PacketPath(
        from.name(),
        to.name(),
        way.backend().type().wireName(),
        way.encapsulated() ? Way.TUNNEL : Way.DIRECT,
        works,
        summary(works, told, probed.state()),
        told.map(it -> it.cause().reason()).orElse(null),
        told.map(PathFault::message).orElse(null),
        told.map(PathFault::remedy).orElse(null),
        List.copyOf(hops));
  }

  /**
   * Returns the fault that explains the path: one that cuts rather than one that does not, on the
   * way there rather than back, and at the earliest hop. Of those that do not cut, only losses on
   * the wire count.
   */
  private Optional<PathFault> told(List<PathFault> breaks) {
    return breaks.stream()
        .filter(it -> it.cuts() || it.kind() == Kind.WIRE)
        .min(
            (one, other) ->
                one.cuts() != other.cuts()
                    ? Boolean.compare(other.cuts(), one.cuts())
                    : one.back() != other.back()
                        ? Boolean.compare(one.back(), other.back())
                        : Integer.compare(hopOf(one), hopOf(other)));
  }

  private static @Nullable Boolean works(List<PathFault> breaks, PathState probed) {
    if (breaks.stream().anyMatch(PathFault::cuts)) {
      return false;
    }
    return probed.reached() ? true : null;
  }

  private void draw() {
    boolean tunnelled = way.encapsulated();
    Optional<Backend> tunnel = tunnelled ? Optional.of(way.backend()) : Optional.empty();
    hops.add(pod(from, headers.sent()));
    hops.add(bridge(from, headers.sent()));
    hops.add(route());
    tunnel.ifPresent(it -> hops.add(tunnel(from, it)));
    hops.add(nic(from));
    wire = hops.size();
    hops.add(wire());
    hops.add(nic(to));
    tunnel.ifPresent(it -> hops.add(tunnel(to, it)));
    hops.add(bridge(to, headers.received()));
    hops.add(pod(to, headers.received()));
  }

  private Hop pod(PathEndpoint end, List<String> looks) {
    return new Hop(
        Kind.POD,
        end.name(),
        "a pod on " + end.name(),
        "eth0",
        end.podAddress(family),
        end.bridge().map(Device::mtu).orElse(null),
        end.pods(family).map(range -> "one of " + range).orElse(null),
        looks,
        State.OK,
        null);
  }

  private Hop bridge(PathEndpoint end, List<String> looks) {
    return device(
        Kind.BRIDGE,
        end,
        new Expected(
            "cni0",
            end.bridge(),
            "there is no cni0 yet: the node's first pod on the network makes it"),
        looks);
  }

  private Hop route() {
    Optional<String> text = way.routeText(to.pods(family));
    boolean own =
        way.route().filter(it -> it.device() != null).isPresent()
            && (way.route().get().destination() == null || way.backend().routesWholeNetwork());
    String note =
        text.isEmpty()
            ? unreported(from, "no route to %s's pods is reported".formatted(to.name()))
            : "it is no route of flannel's to %s's pods".formatted(to.name());
    return new Hop(
        Kind.ROUTE,
        from.name(),
        "route",
        way.route().map(it -> it.device()).orElse(null),
        null,
        null,
        text.orElse(null),
        headers.routed(),
        own ? State.OK : State.UNKNOWN,
        own ? null : note);
  }

  private Hop tunnel(PathEndpoint end, Backend backend) {
    String usual = backend.device(family).orElse("");
    // During a rollout the agent reports the device of the node's own backend, which may be
    // another.
    Optional<Device> seen = end.tunnel().filter(it -> it.name().equals(usual));
    return device(
        Kind.TUNNEL,
        end,
        new Expected(usual, seen, "%s is not reported".formatted(usual)),
        headers.inTunnel());
  }

  private Hop nic(PathEndpoint end) {
    Hop hop =
        device(
            Kind.NIC,
            end,
            new Expected(
                "NIC", end.nic(), "no device has the public IP %s".formatted(end.underlay(family))),
            headers.onWire());
    return hop.address() == null && end.nic().isEmpty()
        ? new Hop(
            hop.kind(),
            hop.node(),
            hop.title(),
            null,
            end.underlay(family),
            null,
            null,
            hop.headers(),
            hop.state(),
            hop.note())
        : hop;
  }

  private Hop wire() {
    return new Hop(
        Kind.WIRE,
        null,
        "%s → %s".formatted(from.underlay(family), to.underlay(family)),
        null,
        null,
        null,
        way.encapsulated()
            ? way.backend()
                .encapsulation()
                .map(Encapsulation::toString)
                .map("everything between the nodes must let %s pass"::formatted)
                .orElse(null)
            : "everything between the nodes must let packets of pods' addresses pass",
        headers.onWire(),
        State.OK,
        null);
  }

  /**
   * A device that the packet should pass.
   *
   * @param usual its name if it was not reported
   * @param missing what to note if it was not reported
   */
  private record Expected(String usual, Optional<Device> seen, String missing) {}

  private static Hop device(Kind kind, PathEndpoint end, Expected device, List<String> looks) {
    Optional<Device> seen = device.seen();
    return new Hop(
        kind,
        end.name(),
        seen.map(Device::name).orElse(device.usual()),
        seen.map(Device::name).orElse(null),
        seen.map(Device::address).orElse(null),
        seen.map(Device::mtu).orElse(null),
        null,
        looks,
        seen.isPresent() ? State.OK : State.UNKNOWN,
        seen.isPresent() ? null : unreported(end, device.missing()));
  }

  private static String unreported(PathEndpoint end, String otherwise) {
    return end.report().isEmpty()
        ? "the agent of %s says nothing".formatted(end.name())
        : otherwise;
  }

  /** The index of the fault's hop. */
  private int hopOf(PathFault found) {
    return IntStream.range(0, hops.size())
        .filter(i -> found.kind() == Kind.WIRE || i > wire == found.far())
        .filter(i -> hops.get(i).kind() == found.kind())
        .findFirst()
        .orElseThrow();
  }

  /**
   * Marks a fault's hop.
   *
   * @param told the fault that the path's own message already explains
   */
  private void mark(PathFault found, Optional<PathFault> told) {
    int at = hopOf(found);
    Hop hop = hops.get(at);
    @Nullable String note = told.equals(Optional.of(found)) ? found.seen() : found.message();
    if (found.back()) {
      note = "the answers get lost here" + (note.isEmpty() ? "" : ": " + note);
    }
    if (note.isEmpty()) {
      note = null;
    }
    if (found.cuts()) {
      hops.set(at, hop.with(State.BROKEN, hop.state() == State.BROKEN ? hop.note() : note));
    } else if (hop.note() == null) {
      hops.set(at, hop.with(hop.state(), note));
    }
  }

  private String summary(@Nullable Boolean works, Optional<PathFault> told, PathState probed) {
    String between = "Packets from pods on %s to pods on %s".formatted(from.name(), to.name());
    if (Boolean.FALSE.equals(works)) {
      PathFault found = told.orElseThrow();
      Hop hop = hops.get(hopOf(found));
      return "%s get lost %s: %s."
          .formatted(
              between,
              hop.node() == null
                  ? "between the nodes"
                  : found.back()
                      ? "on their way back, at " + hop.node()
                      : "at %s on %s".formatted(hop.title(), hop.node()),
              found.cause().reason());
    }
    String through =
        way.encapsulated()
            ? "through %s, as %s"
                .formatted(
                    way.backend().device(family).orElse("the tunnel"),
                    way.backend().encapsulation().map(Encapsulation::toString).orElse(""))
            : "directly, without encapsulation";
    if (Boolean.TRUE.equals(works)) {
      return "%s pass %s%s."
          .formatted(between, through, told.isPresent() ? ", but not all of them" : "");
    }
    return "%s travel %s; nothing is found wrong, but whether they pass is not known: %s."
        .formatted(between, through, unknown(probed));
  }

  private String unknown(PathState probed) {
    for (PathEndpoint end : List.of(from, to)) {
      if (end.report().isEmpty()) {
        return "the agent of %s says nothing".formatted(end.name());
      }
    }
    return probed == PathState.UNMEASURED
        ? "the two nodes do not probe each other"
        : "the agent of one of them does not answer";
  }
}

package io.flannel.operator.agent.tasks.preflight;

import io.flannel.operator.agent.Nic;
import io.flannel.operator.decide.preflight.PreflightResult;
import io.flannel.operator.decide.preflight.PreflightTask;
import io.flannel.operator.decide.preflight.PreflightTask.Peer;
import io.flannel.operator.decide.task.TaskResult;
import io.flannel.operator.flannel.Cidr;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Carries out a {@link PreflightTask} on one node. Needs CAP_NET_RAW, the node's network and {@code
 * --enable-native-access}.
 */
public final class PreflightTaskRun {
  /** Any port will do: it only serves to look up a route. */
  private static final int DISCARD = 9;

  private final PreflightTask task;
  private final SortedMap<Integer, PeerSession> tried = new TreeMap<>();
  private final List<Integer> direct = new ArrayList<>();
  private final List<BeaconExchange.Party> parties = new ArrayList<>();

  private PreflightTaskRun(PreflightTask task) {
    this.task = task;
  }

  /**
   * Carries out a task and returns its result.
   *
   * @param order the task, as JSON
   */
  public static TaskResult run(String order) {
    return tried(order, Clock.systemUTC()).taskResult();
  }

  private static PreflightResult tried(String order, Clock clock) {
    try {
      return new PreflightTaskRun(PreflightTask.parse(order)).run(clock);
    } catch (IOException | IllegalArgumentException e) {
      return PreflightResult.failed(String.valueOf(e.getMessage()));
    }
  }

  private PreflightResult run(Clock clock) throws IOException {
    try {
      for (Cidr.Family family : Cidr.Family.values()) {
        open(family);
      }
      long began = clock.millis();
      BeaconExchange exchange =
          new BeaconExchange(Long.parseUnsignedLong(task.nonce(), 16), parties);
      exchange.run(Duration.ofSeconds(task.seconds()));
      return new PreflightResult(
          began,
          Math.max(began, clock.millis()),
          places(PeerSession::silent),
          places(PeerSession::smallOnly),
          direct,
          exchange.refused().orElse(null),
          null);
    } finally {
      parties.forEach(party -> party.carrier().close());
    }
  }

  private void open(Cidr.Family family) throws IOException {
    Optional<InetAddress> own = task.address(family).map(InetAddress::ofLiteral);
    SortedMap<Integer, InetAddress> peers = peers(family);
    if (own.isEmpty() || peers.isEmpty()) {
      return;
    }
    // With public-ip-overwrite, a node is known by an address that none of its interfaces has.
    Optional<Nic> local = Nic.of(own.get());
    InetSocketAddress toward = new InetSocketAddress(peers.sequencedValues().getFirst(), DISCARD);
    Nic nic =
        local
            .or(() -> Nic.toward(toward))
            .orElseThrow(
                () ->
                    new IOException(
                        "no interface has %s, and there is no route to %s"
                            .formatted(
                                own.get().getHostAddress(), toward.getAddress().getHostAddress())));
    List<PeerSession> counterparts = new ArrayList<>();
    peers.forEach(
        (place, address) -> {
          if (task.directRouting() && nic.reachesDirectly(address)) {
            direct.add(place);
          } else {
            PeerSession peer = new PeerSession(address);
            tried.put(place, peer);
            counterparts.add(peer);
          }
        });
    if (!counterparts.isEmpty()) {
      EncapSocket carrier =
          EncapSocket.open(
              framing(family),
              family == Cidr.Family.IPV6,
              local.isPresent() ? own : Optional.empty(),
              nic,
              task.mtu() == null ? nic.mtu() - task.overhead() : task.mtu());
      parties.add(new BeaconExchange.Party(own.get(), carrier, counterparts));
    }
  }

  private SortedMap<Integer, InetAddress> peers(Cidr.Family family) {
    TreeMap<Integer, InetAddress> peers = new TreeMap<>();
    for (int place = 0; place < task.peers().size(); place++) {
      Peer peer = task.peers().get(place);
      if (Cidr.ofAddress(peer.address()).family() == family) {
        peers.put(place, InetAddress.ofLiteral(peer.address()));
      }
    }
    return peers;
  }

  private Encapsulator framing(Cidr.Family family) {
    int port = task.port(family);
    return switch (task.backend()) {
      case IPIP -> new Encapsulator.Ipip();
      case VXLAN -> new Encapsulator.Vxlan(port, task.vni());
      case WIREGUARD -> new Encapsulator.Wireguard(port);
      case HOST_GW -> throw new IllegalArgumentException("host-gw encapsulates nothing");
    };
  }

  private List<Integer> places(Predicate<PeerSession> of) {
    return tried.entrySet().stream()
        .filter(entry -> of.test(entry.getValue()))
        .map(Map.Entry::getKey)
        .toList();
  }
}

package io.flannel.operator.decide.change;

import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.flannel.Backend;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Durations;
import io.flannel.operator.flannel.Lease;
import io.flannel.operator.flannel.Names;
import io.flannel.operator.flannel.NetConf;
import io.flannel.operator.flannel.PodTemplate;
import io.flannel.operator.flannel.live.AppliedConfig;
import io.flannel.operator.flannel.live.FlannelPods;
import io.flannel.operator.flannel.live.LiveFlannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What a change cuts while it goes from node to node: what, for how long, on which nodes. vxlan,
 * ipip and host-gw leave behind what carries packets when they exit, so a change between them cuts
 * nothing. What is named here removes it, or makes the two ends of a tunnel disagree.
 */
public final class Disruption {
  /**
   * Approximate time for one node: its pod's end, flanneld's start, its readiness probe (every 2
   * s), and the 10 s within which it follows its peers.
   */
  private static final Duration NODE = Duration.ofSeconds(15);

  /** Approximate time from when flanneld removes a device or rules until all of them are back. */
  private static final Duration START = Duration.ofSeconds(2);

  private static final String UNTIL_BOTH =
      "pods on different nodes don't reach each other from when the first of the two nodes has"
          + " changed until the other has";

  private final LiveFlannel live;
  private final DesiredNetwork wanted;
  private final FlannelPods pods;
  private final List<ClusterNode> leased;
  private final List<String> nodes;
  private final List<String> left;
  private final List<String> cuts = new ArrayList<>();

  private Disruption(
      LiveFlannel live, DesiredNetwork wanted, FlannelPods pods, List<ClusterNode> leased) {
    this.live = live;
    this.wanted = wanted;
    this.pods = pods;
    this.leased = leased;
    this.nodes = leased.stream().map(ClusterNode::name).toList();
    this.left =
        leased.stream().filter(node -> !wanted.pods().runOn(node)).map(ClusterNode::name).toList();
  }

  /** Returns what a change cuts, one sentence each; empty if no node has anything to lose. */
  public static List<String> of(LiveFlannel live, DesiredNetwork wanted, ClusterState cluster) {
    List<ClusterNode> leased =
        cluster.nodes().stream()
            .filter(node -> live.template().runOn(node) || wanted.pods().runOn(node))
            .filter(node -> Lease.of(node).isPresent())
            .toList();
    if (leased.isEmpty()) {
      return List.of();
    }
    Disruption disruption = new Disruption(live, wanted, cluster.pods(), leased);
    disruption.judge();
    return List.copyOf(disruption.cuts);
  }

  private void judge() {
    if (!left.isEmpty()) {
      cuts.add(
          "flannel's pod goes from %s, which flannel.nodeSelector or flannel.tolerations leave out, while"
                  .formatted(Names.ofNodes(left))
              + " pods run there: nobody keeps its routes up to date any more, and whatever changes later"
              + " cuts those pods off, for as long as flannel is away");
    }
    boolean sameConfig = live.configHash().equals(NetConf.of(wanted).hash());
    if (live.config().isEmpty() && !sameConfig) {
      cuts.add(
          "what runs can't be read, since its ConfigMap kube-flannel-cfg-%s is gone or no JSON: up to"
                  .formatted(live.configHash())
              + " everything between pods on different nodes may be cut, "
              + inAll());
      return;
    }
    AppliedConfig after = AppliedConfig.of(wanted);
    AppliedConfig before = sameConfig ? after : live.config().orElseThrow();
    if (before.backendType().equals(after.backendType())) {
      before.backend().ifPresent(backend -> options(backend, after.backend().orElseThrow()));
    } else {
      otherType(before, wanted.backend());
    }
    if (before.nftables() != after.nftables()) {
      cuts.add(
          "flannel takes its %s rules away before those of %s are there: new connections from pods to"
                  .formatted(rules(before), rules(after))
              + " the outside are not masqueraded, "
              + atEach(START));
    }
  }

  /**
   * Adds what a change of the backend's type cuts, also on nodes that an earlier change has not
   * reached.
   */
  private void otherType(AppliedConfig before, Backend next) {
    String after = next.type().wireName();
    Set<String> left = new TreeSet<>(Set.of(before.backendType()));
    leased.forEach(node -> Lease.of(node).map(Lease::backendType).ifPresent(left::add));
    left.remove(after);
    Optional<String> encrypted =
        Backend.usual().stream()
            .filter(Backend::encrypts)
            .map(backend -> backend.type().wireName())
            .filter(left::contains)
            .findFirst();
    if (next.encrypts()) {
      cuts.add(
          "%s, %s: %s and %s carry nothing to each other; what still passes by left-overs is"
                  .formatted(UNTIL_BOTH, inAll(), Names.and(List.copyOf(left)), after)
              + " not encrypted");
    } else if (encrypted.isPresent()) {
      cuts.add(
          "%s, %s: %s and %s carry nothing to each other"
              .formatted(UNTIL_BOTH, inAll(), encrypted.get(), after));
    } else if (before.backend().isEmpty()) {
      cuts.add(
          "%s, %s: what flannel's %s leaves on a node is not known"
              .formatted(UNTIL_BOTH, inAll(), before.backendType()));
    } else {
      otherOptions(next);
    }
  }

  /** Adds what other options cut on nodes that an earlier change has not reached. */
  private void otherOptions(Backend next) {
    Stream<Backend.OptionChange> published =
        leased.stream()
            .flatMap(node -> Lease.of(node).stream())
            .map(Lease::vni)
            .filter(vni -> vni.isPresent() && next.networkId().isPresent())
            .filter(vni -> !vni.equals(next.networkId()))
            .map(_ -> Backend.OptionChange.OTHER_TUNNEL);
    Stream<Backend.OptionChange> ran =
        leased.stream()
            .flatMap(node -> pods.on(node.name()).stream())
            .flatMap(pod -> pods.configOf(pod).stream())
            .flatMap(config -> config.backend().stream())
            .map(next::changeFrom)
            .filter(change -> change != Backend.OptionChange.NONE);
    Stream.concat(published, ran).findFirst().ifPresent(this::optionChange);
  }

  private String otherTunnel() {
    return "%s, %s: a vxlan device takes packets of its own VNI and port alone"
        .formatted(UNTIL_BOTH, inAll());
  }

  private static String rules(AppliedConfig config) {
    return config.nftables() ? "nftables" : "iptables";
  }

  private void options(Backend before, Backend after) {
    optionChange(after.changeFrom(before));
    if (after.removesDeviceAtExit()) {
      restarts(after);
    } else if (after.device().isPresent() && interfaceDiffers()) {
      cuts.add(
          "a node whose interface is another one by these arguments recreates its tunnel device: its"
              + " pods don't reach those of other nodes until all have learnt its new address, "
              + atEach(START));
    }
  }

  private void optionChange(Backend.OptionChange change) {
    switch (change) {
      case NONE -> {}
      case OTHER_TUNNEL -> cuts.add(otherTunnel());
      case RECREATED ->
          cuts.add(
              "flannel recreates the vxlan device, without its routes at first: the node's pods don't"
                  + " reach those of other nodes, %s; packets that carry a mark are dropped between a"
                      .formatted(atEach(START))
                  + " node that has changed and one that has not, "
                  + inAll());
    }
  }

  private void restarts(Backend backend) {
    if (!live.template().psk().equals(PodTemplate.of(wanted).psk())) {
      cuts.add("%s, %s: their pre-shared keys differ".formatted(UNTIL_BOTH, inAll()));
    } else {
      cuts.add(
          "flannel removes its %s device when its pod ends: the node's pods don't reach those"
                  .formatted(backend.type().wireName())
              + " of other nodes until the next pod has made it again, "
              + atEach(NODE));
    }
  }

  private boolean interfaceDiffers() {
    return !live.template().interfaceArgs().equals(PodTemplate.of(wanted).interfaceArgs());
  }

  private String atEach(Duration time) {
    return "for about %s on each of %s, at its turn"
        .formatted(Durations.said(time), Names.ofNodes(nodes));
  }

  /** The time of the whole rollout, with as many nodes at once as the spec allows. */
  private String inAll() {
    int atOnce = wanted.unavailableOf(nodes.size());
    int turns = (nodes.size() + atOnce - 1) / atOnce;
    return "for up to about %s in all, on %s"
        .formatted(Durations.said(NODE.multipliedBy(turns)), Names.ofNodes(nodes));
  }
}

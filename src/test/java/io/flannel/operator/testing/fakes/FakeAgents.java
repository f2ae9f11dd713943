package io.flannel.operator.testing.fakes;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.FlannelNode;
import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.api.FlannelNodeSpec.Peer;
import io.flannel.operator.api.FlannelNodeStatus;
import io.flannel.operator.api.FlannelNodeStatus.Device;
import io.flannel.operator.api.FlannelNodeStatus.Finding;
import io.flannel.operator.api.FlannelNodeStatus.PeerReport;
import io.flannel.operator.api.FlannelNodeStatus.Route;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reports what node agents would if all tunnels work, unless told otherwise. It answers each
 * generation of a FlannelNode's spec once, as a real agent does.
 */
public final class FakeAgents implements AutoCloseable {
  private final KubernetesClient client;
  private final Set<BackendType> blocked = ConcurrentHashMap.newKeySet();
  private final Set<String> lost = ConcurrentHashMap.newKeySet();
  private final Set<String> left = ConcurrentHashMap.newKeySet();
  private final Map<String, List<Finding>> findings = new ConcurrentHashMap<>();

  /** Since when a node reaches a peer or does not, by both names and that state. */
  private final Map<String, String> since = new ConcurrentHashMap<>();

  /** Each node's reports are written in order by the same one of these. */
  private final List<ExecutorService> threads =
      Stream.generate(Executors::newSingleThreadExecutor).limit(4).toList();

  private final SharedIndexInformer<FlannelNode> nodes;

  /** Simulates agents on all nodes that have a FlannelNode, now or later. */
  public FakeAgents(KubernetesClient client) {
    this.client = client;
    nodes =
        client
            .resources(FlannelNode.class)
            .inform(
                new ResourceEventHandler<>() {
                  @Override
                  public void onAdd(FlannelNode node) {
                    thread(node).execute(() -> answer(node));
                  }

                  @Override
                  public void onUpdate(FlannelNode before, FlannelNode node) {
                    thread(node).execute(() -> answer(node));
                  }

                  @Override
                  public void onDelete(FlannelNode node, boolean unknown) {}
                });
  }

  /** Drops packets of this backend from now on: nodes lose each other once both run it. */
  public void block(BackendType backend) {
    blocked.add(backend);
    reportAll();
  }

  /** Lets packets of this backend pass again. */
  public void unblock(BackendType backend) {
    blocked.remove(backend);
    reportAll();
  }

  /** Loses all packets between this node and every other on the overlay from now on. */
  public void lose(String node) {
    lost.add(node);
    reportAll();
  }

  /** Lets this node's packets pass again, and removes its findings. */
  public void heal(String node) {
    lost.remove(node);
    findings.remove(node);
    reportAll();
  }

  /** Makes the node's agent report this finding from now on. */
  public void find(String node, String reason, @Nullable String peer) {
    findings.put(node, List.of(new Finding(reason, "seen by a test", peer)));
    reportAll();
  }

  /** Makes all these nodes' agents report this finding from now on. */
  public void findOnAll(Collection<String> names, String reason) {
    names.forEach(name -> findings.put(name, List.of(new Finding(reason, "seen by a test", null))));
    reportAll();
  }

  /** Removes this node's findings. Only its agent reports the change. */
  public void solved(String name) {
    findings.remove(name);
    Optional.ofNullable(nodes.getStore().getByKey(name))
        .ifPresent(node -> thread(node).execute(() -> report(node)));
  }

  /** Stops simulating this node's agent, since the test does. */
  public void leave(String node) {
    left.add(node);
  }

  @Override
  public void close() {
    nodes.close();
    threads.forEach(ExecutorService::close);
  }

  private ExecutorService thread(FlannelNode node) {
    return threads.get(Math.floorMod(node.getMetadata().getName().hashCode(), threads.size()));
  }

  private void reportAll() {
    nodes.getStore().list().forEach(node -> thread(node).execute(() -> report(node)));
  }

  private void answer(FlannelNode node) {
    Long observed =
        Optional.ofNullable(node.getStatus())
            .map(FlannelNodeStatus::observedGeneration)
            .orElse(null);
    if (!Objects.equals(observed, node.getMetadata().getGeneration())) {
      report(node);
    }
  }

  private void report(FlannelNode node) {
    String name = node.getMetadata().getName();
    if (left.contains(name)) {
      return;
    }
    String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    FlannelNode patch = new FlannelNode();
    patch.setMetadata(new ObjectMetaBuilder().withName(name).build());
    var spec = node.getSpec();
    String device = spec.device();
    patch.setStatus(
        new FlannelNodeStatus(
            node.getMetadata().getGeneration(),
            now,
            "test",
            null,
            null,
            null,
            device == null
                ? null
                : new Device(
                    device, spec.backend().wireName(), true, 1480, base(spec.subnet()) + "/32"),
            null,
            spec.publicIP() == null
                ? null
                : new Device("eth0", null, true, 1500, spec.publicIP() + "/24"),
            spec.subnet() == null
                ? null
                : new Device("cni0", "bridge", true, 1480, gateway(spec.subnet())),
            findings.get(name),
            Optional.ofNullable(spec.peers()).orElse(List.of()).stream()
                .map(peer -> seen(name, spec.backend(), peer, now).with(route(spec, peer)))
                .toList()));
    try {
      client
          .resource(patch)
          .subresource("status")
          .patch(
              new PatchContext.Builder()
                  .withPatchType(PatchType.SERVER_SIDE_APPLY)
                  .withFieldManager("flannel-node-agent")
                  .withForce(true)
                  .build());
    } catch (KubernetesClientException e) {
      // Deleted meanwhile, with its Node.
      if (e.getCode() != 404 && e.getCode() != 409) {
        throw e;
      }
    }
  }

  /**
   * Returns the route that flannel adds ({@code pkg/backend}); wireguard has one for the whole
   * network.
   */
  private static @Nullable Route route(FlannelNodeSpec spec, Peer peer) {
    if (peer.subnet() == null) {
      return null;
    }
    return switch (spec.backend()) {
      case VXLAN -> new Route(null, base(peer.subnet()), spec.device(), true);
      case IPIP -> new Route(null, peer.address(), spec.device(), true);
      case HOST_GW -> new Route(null, peer.address(), "eth0", null);
      case WIREGUARD -> new Route(spec.cidr(), null, spec.device(), null);
    };
  }

  /** Returns 10.244.1.0 for {@code 10.244.1.0/24}. */
  private static String base(@Nullable String subnet) {
    return subnet == null ? "" : subnet.substring(0, subnet.indexOf('/'));
  }

  /** Returns 10.244.1.1/24 for {@code 10.244.1.0/24}. */
  private static String gateway(String subnet) {
    return subnet.replaceFirst("0/", "1/");
  }

  private PeerReport seen(String name, BackendType backend, Peer peer, String now) {
    boolean probed = peer.overlayAddress() != null;
    boolean passes =
        !lost.contains(name)
            && !lost.contains(peer.name())
            && !(peer.backend() == null && blocked.contains(backend));
    String way = name + ">" + peer.name() + " ";
    since.remove(way + !passes);
    return new PeerReport(
        peer.name(),
        peer.address(),
        probed ? passes : null,
        probed ? passes : null,
        true,
        null,
        false,
        false,
        passes ? 0 : 50,
        400,
        900,
        since.computeIfAbsent(way + passes, it -> now),
        null);
  }
}

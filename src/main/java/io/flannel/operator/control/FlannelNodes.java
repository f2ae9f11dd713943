package io.flannel.operator.control;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.flannel.operator.api.FlannelNode;
import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.decide.AgentReport;
import io.flannel.operator.overlay.WantedNetwork;
import io.flannel.operator.render.Flannel;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A network's FlannelNodes: each is owned by its Node, so that it goes with it; the spec is ours,
 * the status is what the node's agent reports.
 */
final class FlannelNodes {
  private static final Logger LOG = LoggerFactory.getLogger(FlannelNodes.class);

  private final KubernetesClient client;
  private final Watches watches;
  private final Clock clock;

  FlannelNodes(KubernetesClient client, Watches watches, Clock clock) {
    this.client = client;
    this.watches = watches;
    this.clock = clock;
  }

  /** What the agents reported, by node, of the nodes that have a FlannelNode. */
  Map<String, AgentReport> reports() {
    Instant now = clock.instant();
    return watches
        .list(FlannelNode.class)
        .collect(Collectors.toMap(FlannelNodes::name, node -> report(node, now)));
  }

  private AgentReport report(FlannelNode node, Instant now) {
    Instant since =
        watches
            .reportArrived(name(node))
            .orElseGet(() -> Instant.parse(node.getMetadata().getCreationTimestamp()));
    return AgentReport.read(
        node.getMetadata().getGeneration(),
        node.getSpec(),
        node.getStatus(),
        Duration.between(since, now));
  }

  /**
   * Writes the specs that differ, and deletes the FlannelNodes of nodes that are not the network's
   * any more.
   *
   * @param specs by node
   */
  void write(WantedNetwork network, Map<String, FlannelNodeSpec> specs) {
    Map<String, Node> nodes =
        watches.list(Node.class).collect(Collectors.toMap(FlannelNodes::name, Function.identity()));
    Map<String, FlannelNode> present =
        watches
            .list(FlannelNode.class)
            .collect(Collectors.toMap(FlannelNodes::name, Function.identity()));
    int written = 0;
    for (var spec : specs.entrySet()) {
      Node node = nodes.get(spec.getKey());
      FlannelNode live = present.get(spec.getKey());
      if (node != null && (live == null || !holds(live, node, spec.getValue()))) {
        apply(network, node, spec.getValue());
        written++;
      }
    }
    if (written > 0) {
      LOG.info("applied the spec of {} FlannelNodes", written);
    }
    delete(
        present.values().stream()
            .filter(live -> network.name().equals(networkOf(live)))
            .filter(live -> !specs.containsKey(name(live)))
            .toList());
  }

  /** Deletes all of a network's. */
  void deleteAll(String network) {
    delete(
        watches.list(FlannelNode.class).filter(live -> network.equals(networkOf(live))).toList());
  }

  private void delete(Collection<FlannelNode> surplus) {
    for (FlannelNode one : surplus) {
      client.resource(one).delete();
    }
    if (!surplus.isEmpty()) {
      LOG.info("deleted {} FlannelNodes", surplus.size());
    }
  }

  private static String networkOf(FlannelNode live) {
    return live.getSpec() == null ? "" : live.getSpec().network();
  }

  private static boolean holds(FlannelNode live, Node node, FlannelNodeSpec spec) {
    return spec.equals(live.getSpec())
        && live.getMetadata().getOwnerReferences().stream()
            .anyMatch(owner -> node.getMetadata().getUid().equals(owner.getUid()));
  }

  private void apply(WantedNetwork network, Node node, FlannelNodeSpec spec) {
    FlannelNode wanted = new FlannelNode();
    wanted.setMetadata(
        new ObjectMetaBuilder()
            .withName(name(node))
            .withLabels(Map.of(Flannel.NETWORK_LABEL, network.name()))
            .withOwnerReferences(List.of(owner(node)))
            .build());
    wanted.setSpec(spec);
    try {
      client
          .resource(wanted)
          .fieldManager(Applier.FIELD_MANAGER)
          .forceConflicts()
          .serverSideApply();
    } catch (KubernetesClientException e) {
      throw new Applier.ApplyException(
          "FlannelNode %s could not be written: %s".formatted(name(node), ApiFault.said(e)), e);
    }
  }

  private static OwnerReference owner(Node node) {
    return new OwnerReferenceBuilder()
        .withApiVersion("v1")
        .withKind("Node")
        .withName(name(node))
        .withUid(node.getMetadata().getUid())
        .build();
  }

  private static String name(HasMetadata object) {
    return object.getMetadata().getName();
  }
}

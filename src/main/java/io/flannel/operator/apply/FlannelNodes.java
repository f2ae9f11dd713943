package io.flannel.operator.apply;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.api.FlannelNode;
import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.FieldOwnership;
import io.flannel.operator.observe.Unread;
import io.flannel.operator.observe.Watches;
import io.flannel.operator.render.Flannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A network's FlannelNodes. Each is owned by its Node and deleted with it. The operator writes the
 * spec, the node's agent the status.
 */
public final class FlannelNodes {
  private static final Logger LOG = LoggerFactory.getLogger(FlannelNodes.class);

  private final KubernetesClient client;
  private final Watches watches;

  public FlannelNodes(KubernetesClient client, Watches watches) {
    this.client = client;
    this.watches = watches;
  }

  /**
   * Writes the specs that differ, and deletes the FlannelNodes of nodes that no longer belong to
   * the network. If the API server refuses one, the others are still written.
   *
   * @param specs by node
   * @throws Applier.ApplyException at the end, if the API server refused some
   */
  public void write(DesiredNetwork network, Map<String, FlannelNodeSpec> specs) {
    Map<String, Node> nodes =
        watches.list(Node.class).collect(Collectors.toMap(FlannelNodes::name, Function.identity()));
    Map<String, FlannelNode> present =
        watches
            .list(FlannelNode.class)
            .collect(Collectors.toMap(FlannelNodes::name, Function.identity()));
    Attempts attempts = new Attempts("FlannelNode");
    int written = 0;
    for (var spec : specs.entrySet()) {
      Node node = nodes.get(spec.getKey());
      FlannelNode live = present.get(spec.getKey());
      if (node == null) {
        continue;
      }
      FlannelNode wanted = wanted(network, node, spec.getValue());
      if (live == null) {
        written += attempts.write(name(node), () -> create(wanted)) ? 1 : 0;
      } else if (!holds(live, wanted)) {
        written += attempts.write(name(node), () -> bringBack(live, wanted)) ? 1 : 0;
      }
    }
    if (written > 0) {
      LOG.info("wrote the spec of {} FlannelNodes", written);
    }
    delete(
        present.values().stream()
            .filter(live -> network.name().equals(networkOf(live)))
            .filter(live -> !specs.containsKey(name(live))),
        attempts);
    attempts.end();
  }

  /**
   * Deletes all FlannelNodes of a network. If the API server refuses to delete one, the others are
   * still deleted.
   *
   * @throws Applier.ApplyException at the end, if the API server refused some
   */
  public void deleteAll(String network) {
    Attempts attempts = new Attempts("FlannelNode");
    delete(
        watches.list(FlannelNode.class).filter(live -> network.equals(networkOf(live))), attempts);
    attempts.end();
  }

  private void delete(Stream<FlannelNode> surplus, Attempts attempts) {
    long deleted =
        surplus
            .filter(one -> attempts.delete(name(one), () -> client.resource(one).delete()))
            .count();
    if (deleted > 0) {
      LOG.info("deleted {} FlannelNodes", deleted);
    }
  }

  /** The network named in its spec or, if that can't be read, in its label. */
  private static @Nullable String networkOf(FlannelNode live) {
    return live.getSpec() == null || live.getSpec().network() == null
        ? live.getMetadata().getLabels().get(Flannel.NETWORK_LABEL)
        : live.getSpec().network();
  }

  /** Whether it is as wanted; labels and owners that others added are ignored. */
  private static boolean holds(FlannelNode live, FlannelNode wanted) {
    ObjectMeta is = live.getMetadata();
    ObjectMeta should = wanted.getMetadata();
    return isSpec(live, wanted)
        && labels(is).entrySet().containsAll(labels(should).entrySet())
        && owners(is).containsAll(owners(should));
  }

  private static boolean isSpec(FlannelNode live, FlannelNode wanted) {
    return Objects.equals(live.getSpec(), wanted.getSpec()) && Unread.of(live).in("spec").isEmpty();
  }

  private static FlannelNode wanted(DesiredNetwork network, Node node, FlannelNodeSpec spec) {
    FlannelNode wanted = new FlannelNode();
    wanted.setMetadata(
        new ObjectMetaBuilder()
            .withName(name(node))
            .withLabels(Map.of(Flannel.NETWORK_LABEL, network.name()))
            .withOwnerReferences(List.of(owner(node)))
            .build());
    wanted.setSpec(spec);
    return wanted;
  }

  /**
   * Uses server-side apply: if the object already exists, the next reconciliation corrects the
   * rest.
   */
  private void create(FlannelNode wanted) {
    client
        .resource(wanted)
        .fieldManager(FieldOwnership.FIELD_MANAGER)
        .forceConflicts()
        .serverSideApply();
  }

  /**
   * Replaces the spec. Server-side apply would leave what another manager owns, such as a field
   * that somebody added, and the same difference would be found every time.
   *
   * <p>The patch fails unless the object and its spec are still the ones that were judged. A report
   * that the agent writes in between does not matter.
   */
  private void bringBack(FlannelNode live, FlannelNode wanted) {
    ObjectMeta is = live.getMetadata();
    ObjectMeta should = wanted.getMetadata();
    Map<String, String> labels = new TreeMap<>(labels(is));
    labels.putAll(labels(should));
    List<OwnerReference> owners = new ArrayList<>(owners(should));
    owners(is).stream()
        .filter(other -> !other.getKind().equals("Node") || !other.getName().equals(name(wanted)))
        .forEach(owners::add);
    List<Map<String, Object>> patch = new ArrayList<>();
    patch.add(operation("test", "/metadata/uid", is.getUid()));
    patch.add(operation("test", "/metadata/generation", is.getGeneration()));
    if (!labels.equals(labels(is))) {
      patch.addAll(replacement("/metadata/labels", labels(is), labels));
    }
    if (!owners(is).containsAll(owners(should))) {
      patch.addAll(replacement("/metadata/ownerReferences", owners(is), owners));
    }
    if (!isSpec(live, wanted)) {
      patch.add(operation("add", "/spec", wanted.getSpec()));
    }
    client
        .resource(wanted)
        .patch(
            new PatchContext.Builder()
                .withPatchType(PatchType.JSON)
                .withFieldManager(FieldOwnership.FIELD_MANAGER)
                .build(),
            Serialization.asJson(patch));
  }

  /**
   * Replaces a field that others write as well, only if it has not changed. JSON Patch can't test
   * that the field was empty.
   */
  private static List<Map<String, Object>> replacement(String path, Object from, Object to) {
    boolean empty = from.equals(List.of()) || from.equals(Map.of());
    return empty
        ? List.of(operation("add", path, to))
        : List.of(operation("test", path, from), operation("add", path, to));
  }

  /** {@code add} also replaces an existing value. */
  private static Map<String, Object> operation(String op, String path, Object value) {
    return Map.of("op", op, "path", path, "value", value);
  }

  private static Map<String, String> labels(ObjectMeta metadata) {
    return Objects.requireNonNullElse(metadata.getLabels(), Map.of());
  }

  private static List<OwnerReference> owners(ObjectMeta metadata) {
    return Objects.requireNonNullElse(metadata.getOwnerReferences(), List.of());
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

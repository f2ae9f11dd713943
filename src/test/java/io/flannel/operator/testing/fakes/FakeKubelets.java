package io.flannel.operator.testing.fakes;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.flannel.operator.testing.cluster.TestCluster;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Does to Nodes and Pods what kubelets and flanneld would. Each flannel pod registers its node with
 * the backend of its ConfigMap, and its containers become ready; the pod becomes Ready when its
 * readiness gates are open too. Pods of {@link #broken} nodes do neither. {@link FakeAgents}
 * simulate the node agents, also on broken nodes, and {@link FakePreflights} the pre-flights.
 *
 * <p>The pods are never bound, so the API server removes them at once when they are deleted.
 */
public final class FakeKubelets implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final KubernetesClient client;
  private final Set<String> broken = ConcurrentHashMap.newKeySet();
  private final ExecutorService thread = Executors.newSingleThreadExecutor();
  private final SharedIndexInformer<Pod> pods;
  private final FakeAgents agents;
  private final FakePreflights preflights;

  private FakeKubelets(KubernetesClient client, String... broken) {
    this.client = client;
    this.broken.addAll(Set.of(broken));
    agents = new FakeAgents(client);
    preflights = new FakePreflights(client);
    pods =
        client
            .pods()
            .inNamespace(TestCluster.FLANNEL)
            .withLabel("app", "flannel")
            .inform(
                new ResourceEventHandler<>() {
                  @Override
                  public void onAdd(Pod pod) {
                    thread.execute(() -> run(pod));
                  }

                  @Override
                  public void onUpdate(Pod before, Pod pod) {
                    thread.execute(() -> run(pod));
                  }

                  @Override
                  public void onDelete(Pod pod, boolean unknown) {}
                });
  }

  /** Simulates the kubelets of all nodes; the nodes named here are broken. */
  public static FakeKubelets on(TestCluster cluster, String... broken) {
    return new FakeKubelets(cluster.client(), broken);
  }

  /** Leaves this node's new pods pending from now on. */
  public void broken(String node) {
    broken.add(node);
  }

  /** Runs the node's pods again. */
  public void mended(String node) {
    broken.remove(node);
    pods.getStore().list().forEach(pod -> thread.execute(() -> run(pod)));
  }

  public FakeAgents agents() {
    return agents;
  }

  /** Returns all nodes' pre-flight pods. */
  public FakePreflights preflights() {
    return preflights;
  }

  @Override
  public void close() {
    agents.close();
    preflights.close();
    pods.close();
    thread.close();
  }

  private void run(Pod pod) {
    String node = TestCluster.nodeOf(pod);
    if (broken.contains(node) || pod.isMarkedForDeletion() || is(pod, "Ready")) {
      return;
    }
    try {
      if (is(pod, "ContainersReady")) {
        becomeReady(pod, gatesOpen(pod));
        return;
      }
      ConfigMap config =
          client.configMaps().inNamespace(TestCluster.FLANNEL).withName(configMapOf(pod)).get();
      Node live = client.nodes().withName(node).get();
      if (config != null && live != null) {
        register(live, backendOf(config));
        becomeReady(pod, gatesOpen(pod));
      }
    } catch (KubernetesClientException e) {
      // Deleted meanwhile: as with a real kubelet, the next event shows it.
      if (e.getCode() != 404) {
        throw e;
      }
    }
  }

  private void register(Node node, String backend) {
    String address = node.getStatus().getAddresses().getFirst().getAddress();
    client
        .nodes()
        .withName(node.getMetadata().getName())
        .patch(
            PatchContext.of(PatchType.JSON_MERGE),
            """
            {"metadata": {"annotations": {
              "flannel.alpha.coreos.com/kube-subnet-manager": "true",
              "flannel.alpha.coreos.com/backend-type": "%s",
              "flannel.alpha.coreos.com/backend-data": "null",
              "flannel.alpha.coreos.com/public-ip": "%s"}}}
            """
                .formatted(backend, address));
  }

  private static boolean gatesOpen(Pod pod) {
    return pod.getSpec().getReadinessGates().stream()
        .allMatch(gate -> is(pod, gate.getConditionType()));
  }

  /** Sets only the kubelet's own conditions, as the kubelet does. */
  private void becomeReady(Pod pod, boolean ready) {
    if (!ready && is(pod, "ContainersReady")) {
      return;
    }
    client
        .pods()
        .inNamespace(TestCluster.FLANNEL)
        .withName(pod.getMetadata().getName())
        .subresource("status")
        .patch(
            PatchContext.of(PatchType.STRATEGIC_MERGE),
            """
            {"status": {"phase": "Running", "conditions": [
              {"type": "ContainersReady", "status": "True"}, {"type": "Ready", "status": "%s"}]}}
            """
                .formatted(ready ? "True" : "False"));
  }

  /** Whether a condition of the pod is true. */
  public static boolean is(Pod pod, String condition) {
    return pod.getStatus() != null
        && pod.getStatus().getConditions().stream()
            .anyMatch(c -> c.getType().equals(condition) && c.getStatus().equals("True"));
  }

  private static String configMapOf(Pod pod) {
    return pod.getSpec().getVolumes().stream()
        .filter(volume -> volume.getName().equals("flannel-cfg"))
        .findFirst()
        .orElseThrow()
        .getConfigMap()
        .getName();
  }

  private static String backendOf(ConfigMap config) {
    try {
      return JSON.readTree(config.getData().get("net-conf.json")).at("/Backend/Type").asText();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

package io.flannel.operator.testing;

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
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Does to Nodes and Pods what kubelets and flanneld would: each flannel pod registers its node with
 * the backend that its ConfigMap names, and its containers become ready; the pod does when its
 * readiness gates are open, too. Pods of nodes that are {@link #broken} do neither. The node agents
 * are {@link FakeAgents}, for {@code FlannelNode}s of broken nodes, too; pre-flights are {@link
 * FakePreflights}.
 *
 * <p>The pods are never bound, so that the API server removes them at once when they are deleted.
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

  /** Kubelets of all nodes, those named here broken. */
  public static FakeKubelets on(TestCluster cluster, String... broken) {
    return new FakeKubelets(cluster.client(), broken);
  }

  /** From now on, new pods of this node stay as they are. */
  public void broken(String node) {
    broken.add(node);
  }

  /** The node's pods run again. */
  public void mended(String node) {
    broken.remove(node);
    pods.getStore().list().forEach(pod -> thread.execute(() -> run(pod)));
  }

  /** The agents of all nodes. */
  public FakeAgents agents() {
    return agents;
  }

  /** The pre-flights' pods of all nodes. */
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
    String node = nodeOf(pod);
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
      // Deleted meanwhile: as with a real kubelet, the next event tells.
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

  /** As the kubelet does it: conditions of others stay. */
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

  private static boolean is(Pod pod, String condition) {
    return pod.getStatus() != null
        && pod.getStatus().getConditions().stream()
            .anyMatch(c -> c.getType().equals(condition) && c.getStatus().equals("True"));
  }

  /** The node that the DaemonSet controller made a pod for: nobody binds it there. */
  public static String nodeOf(Pod pod) {
    return pod.getSpec()
        .getAffinity()
        .getNodeAffinity()
        .getRequiredDuringSchedulingIgnoredDuringExecution()
        .getNodeSelectorTerms()
        .getFirst()
        .getMatchFields()
        .getFirst()
        .getValues()
        .getFirst();
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

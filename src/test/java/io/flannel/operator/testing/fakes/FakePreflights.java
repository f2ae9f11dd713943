package io.flannel.operator.testing.fakes;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.flannel.operator.decide.preflight.PreflightResult;
import io.flannel.operator.decide.preflight.PreflightTask;
import io.flannel.operator.testing.cluster.TestCluster;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;

/**
 * Ends pre-flight pods as if they had probed: every node hears every other, except where {@link
 * #drop} says otherwise. Pods of nodes that {@link #hold} names keep running.
 */
public final class FakePreflights implements AutoCloseable {
  /** How long the pods claim to have probed, in milliseconds. */
  private static final long TRIED = 30_000;

  private final KubernetesClient client;
  private final FakeTaskPods steps;
  private final Set<String> dropped = ConcurrentHashMap.newKeySet();
  private final Set<String> held = ConcurrentHashMap.newKeySet();
  private final ExecutorService thread = Executors.newSingleThreadExecutor();
  private final SharedIndexInformer<Pod> pods;

  FakePreflights(KubernetesClient client) {
    this.client = client;
    steps = new FakeTaskPods(client);
    pods =
        client
            .pods()
            .inNamespace(TestCluster.SYSTEM)
            .withLabel("flannel.io/task", "preflight")
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

  /** Drops what one node sends to the other. */
  public void drop(String from, String to) {
    dropped.add(from + ">" + to);
  }

  /** Lets it pass again. */
  public void pass(String from, String to) {
    dropped.remove(from + ">" + to);
  }

  /** Keeps this node's pods running from now on. */
  public void hold(String node) {
    held.add(node);
  }

  /** Lets this node's pods end. */
  public void release(String node) {
    held.remove(node);
    pods.getStore().list().forEach(pod -> thread.execute(() -> run(pod)));
  }

  @Override
  public void close() {
    pods.close();
    thread.close();
  }

  private void run(Pod pod) {
    boolean ended = List.of("Succeeded", "Failed").contains(pod.getStatus().getPhase());
    try {
      if (pod.isMarkedForDeletion()) {
        // What a kubelet does when the container has ended.
        client.pods().resource(pod).withGracePeriod(0).delete();
      } else if (!ended && !held.contains(pod.getSpec().getNodeName())) {
        steps.end(pod, result(pod.getSpec().getNodeName(), task(pod)).taskResult());
      }
    } catch (KubernetesClientException e) {
      // Deleted meanwhile.
      if (e.getCode() != 404) {
        throw e;
      }
    }
  }

  private PreflightResult result(String node, PreflightTask task) {
    long now = Instant.now().toEpochMilli();
    List<Integer> silent =
        IntStream.range(0, task.peers().size())
            .filter(place -> dropped.contains(task.peers().get(place).name() + ">" + node))
            .boxed()
            .toList();
    return new PreflightResult(now - TRIED, now, silent, List.of(), List.of(), null, null);
  }

  private static PreflightTask task(Pod pod) {
    return pod.getSpec().getContainers().getFirst().getEnv().stream()
        .filter(variable -> variable.getName().equals("TASK"))
        .map(variable -> PreflightTask.parse(variable.getValue()))
        .findFirst()
        .orElseThrow();
  }
}

package io.flannel.operator.testing.fakes;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.decide.task.TaskResult;
import io.flannel.operator.testing.cluster.TestCluster;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;

/** Task pods, and what a kubelet writes when one has ended. */
public record FakeTaskPods(KubernetesClient client) {
  /** Returns the pods, sorted by name. */
  public List<Pod> pods() {
    return client
        .pods()
        .inNamespace(TestCluster.SYSTEM)
        .withLabel("app", "flannel-node-task")
        .list()
        .getItems();
  }

  /** Returns the pods that have not ended. */
  public List<Pod> running() {
    return pods().stream()
        .filter(pod -> !List.of("Succeeded", "Failed").contains(pod.getStatus().getPhase()))
        .toList();
  }

  /** Lets all running pods succeed. */
  public void endAll() {
    running().forEach(pod -> end(pod, true, "done by a test"));
  }

  /** Ends a pod whose container printed {@code {"done": true, "said": "…"}}, with these values. */
  public void end(Pod pod, boolean done, String said) {
    end(pod, new TaskResult(done, said, null));
  }

  /** Ends a pod with this result. */
  public void end(Pod pod, TaskResult result) {
    boolean done = result.done();
    String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    var status =
        Map.of(
            "status",
            Map.of(
                "phase",
                done ? "Succeeded" : "Failed",
                "containerStatuses",
                List.of(
                    Map.of(
                        "name",
                        "step",
                        "image",
                        "none",
                        "imageID",
                        "none",
                        "ready",
                        false,
                        "restartCount",
                        0,
                        "state",
                        Map.of(
                            "terminated",
                            Map.of(
                                "exitCode",
                                done ? 0 : 1,
                                "finishedAt",
                                now,
                                "message",
                                result.message()))))));
    client
        .pods()
        .resource(pod)
        .subresource("status")
        .patch(PatchContext.of(PatchType.JSON_MERGE), Serialization.asJson(status));
  }
}

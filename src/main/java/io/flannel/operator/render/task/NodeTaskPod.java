package io.flannel.operator.render.task;

import static java.util.stream.Collectors.joining;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.ShortHash;
import io.flannel.operator.render.Flannel;
import io.flannel.operator.render.FlannelDaemonSet;
import io.flannel.operator.render.NodeAgentSettings;
import java.util.List;
import java.util.stream.Stream;

/**
 * A pod that does one task on one node and ends. It runs the operator's image with the one
 * capability that the task needs, no ServiceAccount token, and nothing of the node but its network.
 * Only the cleanup runs flannel's image and mounts the directories that flannel wrote to.
 */
public final class NodeTaskPod {
  /** The value of the label {@code app} on all of them. */
  public static final String APP = "flannel-node-task";

  /** The label with the name of the task's kind. */
  public static final String KIND_LABEL = "flannel.io/task";

  /** The annotation with the hash of the task's input. */
  public static final String TASK_HASH_ANNOTATION = "flannel.io/task-hash";

  /** The annotation with the number of the attempt, from 1. */
  public static final String ATTEMPT_ANNOTATION = "flannel.io/attempt";

  /** The name of the container whose termination message is the result. */
  public static final String CONTAINER = "task";

  /** The kubelet ends a task that takes longer. */
  private static final long DEADLINE_SECONDS = 240;

  /** The environment variable with the task's input. */
  public static final String TASK = "TASK";

  /** Java in the operator's image: see the Dockerfile. */
  private static final List<String> JAVA = List.of("/opt/jre/bin/java", "@/app/agent/java.options");

  private static final String MAIN_CLASS = "io.flannel.operator.agent.tasks.NodeTask";

  public enum Kind {
    /** Removes what flannel left when its configuration changed. */
    LEFT_OVERS("left-overs", "NET_ADMIN"),
    /** Removes everything that flannel made from a node; runs in flannel's own image. */
    CLEANUP("cleanup", "NET_ADMIN"),
    /** Tries a new encapsulation through raw sockets, which it opens by calls of the C library. */
    PREFLIGHT("preflight", "NET_RAW");

    private final String label;
    private final String capability;

    Kind(String label, String capability) {
      this.label = label;
      this.capability = capability;
    }

    /** The kind's name, in labels and in the task's environment. */
    public String label() {
      return label;
    }
  }

  /**
   * One task.
   *
   * @param node the Node's name
   * @param nodeUid the Node's uid: the pod is garbage-collected with the Node
   * @param input what the task should do
   * @param inputHash tells the input from others for the same node
   * @param attempt the number of the attempt, from 1
   */
  public record Task(
      Kind kind, String node, String nodeUid, String input, String inputHash, int attempt) {}

  private NodeTaskPod() {}

  /**
   * The input of a task of {@link Kind#CLEANUP}.
   *
   * @param deletion the uid of the network that is being deleted: a task for an earlier one does
   *     not count
   * @param ranges the pods' ranges, inside which flannel's routes are removed; at least one
   */
  public static String cleanupTask(String deletion, List<Cidr> ranges) {
    return Stream.concat(Stream.of(deletion), ranges.stream().map(Cidr::toString))
        .collect(joining(" "));
  }

  private static String rangesOf(String cleanupTask) {
    return cleanupTask.substring(cleanupTask.indexOf(' ') + 1);
  }

  /** Renders it, in the node agents' namespace. */
  public static Pod render(DesiredNetwork network, NodeAgentSettings settings, Task task) {
    return new PodBuilder()
        .withMetadata(
            new ObjectMetaBuilder()
                .withName(
                    "flannel-%s-%s-%d"
                        .formatted(task.kind().label(), ShortHash.of(task.node()), task.attempt()))
                .withNamespace(settings.namespace())
                .withLabels(Flannel.labels(network))
                .addToLabels("app", APP)
                .addToLabels(KIND_LABEL, task.kind().label())
                .addToAnnotations(TASK_HASH_ANNOTATION, task.inputHash())
                .addToAnnotations(ATTEMPT_ANNOTATION, String.valueOf(task.attempt()))
                .withOwnerReferences(
                    new OwnerReferenceBuilder()
                        .withApiVersion("v1")
                        .withKind("Node")
                        .withName(task.node())
                        .withUid(task.nodeUid())
                        .build())
                .build())
        .withNewSpec()
        .withNodeName(task.node())
        .withHostNetwork(true)
        .withDnsPolicy("Default")
        .withEnableServiceLinks(false)
        .withAutomountServiceAccountToken(false)
        .withRestartPolicy("Never")
        .withActiveDeadlineSeconds(DEADLINE_SECONDS)
        .withTerminationGracePeriodSeconds(5L)
        .withPriorityClassName("system-node-critical")
        .withTolerations(FlannelDaemonSet.tolerations(network))
        .withImagePullSecrets(
            Stream.concat(
                    settings.imagePullSecrets().stream(),
                    network.pods().imagePullSecrets().stream())
                .distinct()
                .map(LocalObjectReference::new)
                .toList())
        .withNewSecurityContext()
        .withNewSeccompProfile()
        .withType("RuntimeDefault")
        .endSeccompProfile()
        .endSecurityContext()
        .withContainers(
            switch (task.kind()) {
              case LEFT_OVERS, PREFLIGHT -> container(settings, task);
              case CLEANUP -> CleanupContainer.container(network, rangesOf(task.input()));
            })
        .withVolumes(task.kind() == Kind.CLEANUP ? CleanupContainer.volumes(network) : List.of())
        .endSpec()
        .build();
  }

  private static Container container(NodeAgentSettings settings, Task task) {
    return new ContainerBuilder()
        .withName(CONTAINER)
        .withImage(settings.image())
        .withImagePullPolicy(settings.imagePullPolicy().orElse(null))
        .withCommand(command(task.kind()))
        .addNewEnv()
        .withName("TASK_KIND")
        .withValue(task.kind().label())
        .endEnv()
        .addNewEnv()
        .withName(TASK)
        .withValue(task.input())
        .endEnv()
        .withNewResources()
        .addToRequests("cpu", new Quantity("10m"))
        .addToRequests("memory", new Quantity("72Mi"))
        .addToLimits("memory", new Quantity("128Mi"))
        .endResources()
        .withNewSecurityContext()
        // As another user, it would have the capability only if the executable file granted it.
        .withRunAsUser(0L)
        .withRunAsGroup(0L)
        .withPrivileged(false)
        .withAllowPrivilegeEscalation(false)
        .withReadOnlyRootFilesystem(true)
        .withNewCapabilities()
        .withDrop("ALL")
        .withAdd(task.kind().capability)
        .endCapabilities()
        .endSecurityContext()
        .build();
  }

  /** Only the kind that calls the C library may do so. */
  private static List<String> command(Kind kind) {
    return Stream.of(
            JAVA,
            kind == Kind.PREFLIGHT
                ? List.of("--enable-native-access=ALL-UNNAMED")
                : List.<String>of(),
            List.of(MAIN_CLASS))
        .flatMap(List::stream)
        .toList();
  }
}

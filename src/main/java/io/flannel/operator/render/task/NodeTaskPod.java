package io.flannel.operator.render.task;

import static java.nio.charset.StandardCharsets.UTF_8;
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
import io.flannel.operator.render.Flannel;
import io.flannel.operator.render.FlannelDaemonSet;
import io.flannel.operator.render.NodeAgentSettings;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/**
 * A pod that does one step on one node and ends: the operator's image with the one capability that
 * the step needs, no ServiceAccount's token, and nothing of the node's but its network. Only what
 * cleans a node for good is flannel's image, and sees the directories that flannel wrote to.
 */
public final class NodeTaskPod {
  /** The value of the label {@code app} of all of them. */
  public static final String APP = "flannel-node-step";

  /** The label with the kind's name. */
  public static final String KIND_LABEL = "flannel.io/step";

  /** The annotation with the hash of what the step is told. */
  public static final String ORDER_ANNOTATION = "flannel.io/order";

  /** The annotation with the number of the attempt, from 1. */
  public static final String ATTEMPT_ANNOTATION = "flannel.io/attempt";

  /** The name of the container whose termination message is the result. */
  public static final String CONTAINER = "step";

  /** Kubelet ends what takes longer. */
  private static final long DEADLINE_SECONDS = 240;

  /** The environment variable that tells the step what to do. */
  public static final String ORDER = "ORDER";

  /** In the operator's image: see the Dockerfile. */
  private static final List<String> JAVA = List.of("/opt/jre/bin/java", "@/app/agent/java.options");

  private static final String MAIN_CLASS = "io.flannel.operator.agent.tasks.NodeTask";

  /** The kinds of steps. */
  public enum Kind {
    /** Removes what flannel left when its configuration changed. */
    LEFT_OVERS("left-overs", "NET_ADMIN"),
    /** Takes all that flannel made from a node; flannel's own image does it. */
    GOING("going", "NET_ADMIN"),
    /** Tries a new encapsulation by raw sockets, which it opens by calls of the C library. */
    PREFLIGHT("preflight", "NET_RAW");

    private final String label;
    private final String capability;

    Kind(String label, String capability) {
      this.label = label;
      this.capability = capability;
    }

    /** Its name, in labels and in the step's environment. */
    public String label() {
      return label;
    }
  }

  /**
   * One step.
   *
   * @param node the Node's name
   * @param nodeUid the Node's uid: the pod goes with it
   * @param order what the step is told
   * @param orderHash that tells the order from the node's others
   * @param attempt from 1
   */
  public record Step(
      Kind kind, String node, String nodeUid, String order, String orderHash, int attempt) {}

  private NodeTaskPod() {}

  /**
   * What a step of {@link Kind#GOING} is told.
   *
   * @param deletion the uid of the network that goes: a step of an earlier one does not count
   * @param ranges the pods', inside which flannel's routes are removed; one at least
   */
  public static String goingOrder(String deletion, List<Cidr> ranges) {
    return Stream.concat(Stream.of(deletion), ranges.stream().map(Cidr::toString))
        .collect(joining(" "));
  }

  private static String rangesOf(String goingOrder) {
    return goingOrder.substring(goingOrder.indexOf(' ') + 1);
  }

  /** Renders it; it lives where the node agents do. */
  public static Pod render(DesiredNetwork network, NodeAgentSettings settings, Step step) {
    return new PodBuilder()
        .withMetadata(
            new ObjectMetaBuilder()
                .withName(
                    "flannel-%s-%s-%d"
                        .formatted(step.kind().label(), hash(step.node()), step.attempt()))
                .withNamespace(settings.namespace())
                .withLabels(Flannel.labels(network))
                .addToLabels("app", APP)
                .addToLabels(KIND_LABEL, step.kind().label())
                .addToAnnotations(ORDER_ANNOTATION, step.orderHash())
                .addToAnnotations(ATTEMPT_ANNOTATION, String.valueOf(step.attempt()))
                .withOwnerReferences(
                    new OwnerReferenceBuilder()
                        .withApiVersion("v1")
                        .withKind("Node")
                        .withName(step.node())
                        .withUid(step.nodeUid())
                        .build())
                .build())
        .withNewSpec()
        .withNodeName(step.node())
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
            switch (step.kind()) {
              case LEFT_OVERS, PREFLIGHT -> container(settings, step);
              case GOING -> CleanupContainer.container(network, rangesOf(step.order()));
            })
        .withVolumes(step.kind() == Kind.GOING ? CleanupContainer.volumes(network) : List.of())
        .endSpec()
        .build();
  }

  private static Container container(NodeAgentSettings settings, Step step) {
    return new ContainerBuilder()
        .withName(CONTAINER)
        .withImage(settings.image())
        .withImagePullPolicy(settings.imagePullPolicy().orElse(null))
        .withCommand(command(step.kind()))
        .addNewEnv()
        .withName("STEP")
        .withValue(step.kind().label())
        .endEnv()
        .addNewEnv()
        .withName(ORDER)
        .withValue(step.order())
        .endEnv()
        .withNewResources()
        .addToRequests("cpu", new Quantity("10m"))
        .addToRequests("memory", new Quantity("72Mi"))
        .addToLimits("memory", new Quantity("128Mi"))
        .endResources()
        .withNewSecurityContext()
        // A capability of another user's would have to come with the file that it runs.
        .withRunAsUser(0L)
        .withRunAsGroup(0L)
        .withPrivileged(false)
        .withAllowPrivilegeEscalation(false)
        .withReadOnlyRootFilesystem(true)
        .withNewCapabilities()
        .withDrop("ALL")
        .withAdd(step.kind().capability)
        .endCapabilities()
        .endSecurityContext()
        .build();
  }

  /** Calls of the C library are allowed to the kind alone that makes any. */
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

  /** Ten hexadecimal digits that stand for a text, as names and labels are short. */
  public static String hash(String text) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
      return HexFormat.of().formatHex(digest, 0, 5);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}

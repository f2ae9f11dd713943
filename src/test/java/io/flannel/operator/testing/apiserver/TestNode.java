package io.flannel.operator.testing.apiserver;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeConditionBuilder;
import io.fabric8.kubernetes.api.model.NodeSystemInfoBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A Node object without a machine, as a kubelet and flanneld would write it.
 *
 * <pre>{@code
 * TestNode.named("a").podCidrs("10.244.1.0/24").internalIp("192.168.0.81")
 *     .lease("ipip", "null", "192.168.0.81").create(api.client());
 * }</pre>
 */
public record TestNode(
    String name,
    List<String> podCidrs,
    @Nullable String internalIp,
    Map<String, String> annotations,
    boolean ready,
    String kubelet) {
  private static final String FLANNEL = "flannel.alpha.coreos.com/";

  /** Returns a ready Node without podCIDR, address or lease. */
  public static TestNode named(String name) {
    return new TestNode(name, List.of(), null, Map.of(), true, "v1.35.4");
  }

  public TestNode podCidrs(String... cidrs) {
    return new TestNode(name, List.of(cidrs), internalIp, annotations, ready, kubelet);
  }

  public TestNode internalIp(String address) {
    return new TestNode(name, podCidrs, address, annotations, ready, kubelet);
  }

  public TestNode notReady() {
    return new TestNode(name, podCidrs, internalIp, annotations, false, kubelet);
  }

  /** Sets the version that its kubelet reports. */
  public TestNode kubelet(String version) {
    return new TestNode(name, podCidrs, internalIp, annotations, ready, version);
  }

  /**
   * Sets what flanneld publishes: backend-type, backend-data (JSON; "null" for ipip) and public-ip.
   */
  public TestNode lease(String backendType, String backendData, String publicIp) {
    return annotation(FLANNEL + "kube-subnet-manager", "true")
        .annotation(FLANNEL + "backend-type", backendType)
        .annotation(FLANNEL + "backend-data", backendData)
        .annotation(FLANNEL + "public-ip", publicIp);
  }

  public TestNode annotation(String key, String value) {
    Map<String, String> more = new TreeMap<>(annotations);
    more.put(key, value);
    return new TestNode(name, podCidrs, internalIp, more, ready, kubelet);
  }

  /** Creates the Node with its status, as a kubelet does, and returns the server's result. */
  public Node create(KubernetesClient client) {
    return client.resource(object()).create();
  }

  /** Writes the metadata and status of an existing Node; its podCIDRs can't change. */
  public Node update(KubernetesClient client) {
    client
        .nodes()
        .withName(name)
        .edit(
            node ->
                new NodeBuilder(node)
                    .editMetadata()
                    .addToAnnotations(annotations)
                    .endMetadata()
                    .build());
    return writeStatus(client);
  }

  private Node writeStatus(KubernetesClient client) {
    return client
        .nodes()
        .withName(name)
        .editStatus(node -> new NodeBuilder(node).withStatus(object().getStatus()).build());
  }

  private Node object() {
    var node =
        new NodeBuilder()
            .withNewMetadata()
            .withName(name)
            .addToLabels("kubernetes.io/os", "linux")
            .addToLabels("kubernetes.io/hostname", name)
            .withAnnotations(annotations)
            .endMetadata()
            .withNewSpec()
            .withPodCIDR(podCidrs.isEmpty() ? null : podCidrs.getFirst())
            .withPodCIDRs(podCidrs)
            .endSpec()
            .withNewStatus()
            .withNodeInfo(new NodeSystemInfoBuilder().withKubeletVersion(kubelet).build())
            .addToConditions(
                new NodeConditionBuilder()
                    .withType("Ready")
                    .withStatus(ready ? "True" : "False")
                    .withReason(ready ? "KubeletReady" : "KubeletNotReady")
                    .withMessage("written by a test")
                    .build())
            .endStatus()
            .build();
    if (internalIp != null) {
      node.getStatus()
          .setAddresses(
              List.of(new io.fabric8.kubernetes.api.model.NodeAddress(internalIp, "InternalIP")));
    }
    return node;
  }
}

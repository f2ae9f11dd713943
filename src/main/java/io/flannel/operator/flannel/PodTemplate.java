package io.flannel.operator.flannel;

import io.fabric8.kubernetes.api.model.Quantity;
import io.flannel.operator.flannel.Backend.Psk;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How flannel's pods are made, apart from the configuration that they mount. A changed template
 * means new pods.
 *
 * @param image flanneld's image
 * @param cniPluginImage the image that carries the CNI plugin
 * @param options flanneld's arguments, without those that this operator gives every flanneld
 * @param psk the Secret's key that holds WireGuard's pre-shared key
 * @param cniBinDir the CNI plugin's directory on the node
 * @param cniConfDir the CNI configuration's directory on the node
 * @param imagePullPolicy empty for Kubernetes' default
 * @param apartFrom a namespace beside kube-system with whose flannel these pods share no node; a
 *     network does not ask for it
 */
public record PodTemplate(
    String image,
    String cniPluginImage,
    List<String> options,
    Optional<Psk> psk,
    String cniBinDir,
    String cniConfDir,
    Optional<String> imagePullPolicy,
    List<String> imagePullSecrets,
    Map<String, Quantity> limits,
    Map<String, Quantity> requests,
    List<Pods.Toleration> tolerations,
    Map<String, String> nodeSelector,
    Optional<String> apartFrom) {

  /** flanneld's flag for masquerading. */
  public static final String IP_MASQ = "--ip-masq";

  /** Prefix of the flags that choose an interface (main.go). */
  private static final String INTERFACE = "--iface";

  /** The template that a network asks for. */
  public static PodTemplate of(DesiredNetwork network) {
    Pods pods = network.pods();
    List<String> options = new ArrayList<>();
    if (network.ipMasq()) {
      options.add(IP_MASQ);
    }
    options.addAll(network.interfaceArgs());
    options.addAll(pods.extraArgs());
    return new PodTemplate(
        pods.image(),
        pods.cniPluginImage(),
        options,
        network.backend().psk(),
        network.cni().binDir(),
        network.cni().confDir(),
        pods.imagePullPolicy(),
        pods.imagePullSecrets(),
        pods.limits(),
        pods.requests(),
        pods.tolerations(),
        pods.nodeSelector(),
        Optional.empty());
  }

  /** Whether the DaemonSet puts a pod on the node. */
  public boolean runOn(ClusterNode node) {
    return Pods.runOn(node, nodeSelector, tolerations);
  }

  /** Whether packets from pods to the outside are masqueraded. */
  public boolean ipMasq() {
    return options.contains(IP_MASQ);
  }

  /** The arguments that choose the node's interface. */
  public List<String> interfaceArgs() {
    return options.stream().filter(option -> option.startsWith(INTERFACE)).toList();
  }

  /** All other arguments. */
  public List<String> extraArgs() {
    return options.stream()
        .filter(option -> !option.equals(IP_MASQ) && !option.startsWith(INTERFACE))
        .toList();
  }
}

package io.flannel.operator.render;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.NetConf;
import io.flannel.operator.flannel.live.RolloutAnnotations;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** All objects of a flannel installation: their names, and how a network renders them. */
public final class Flannel {
  /** The namespace of everything that is namespaced; upstream's name. */
  public static final String NAMESPACE = "kube-flannel";

  /** ServiceAccount, ClusterRole and ClusterRoleBinding; upstream's name. */
  public static final String ROLE = "flannel";

  /** The DaemonSet; upstream's name. */
  public static final String DAEMON_SET = "kube-flannel-ds";

  /** Prefix of each ConfigMap's name; the hash follows. Upstream uses the bare name. */
  public static final String CONFIG_MAP_PREFIX = "kube-flannel-cfg-";

  /** The label that every rendered object carries, with the FlannelNetwork's name. */
  public static final String NETWORK_LABEL = "flannel.io/network";

  /** The labels that mark an object as this operator's. */
  public static final Set<String> OWN_LABELS =
      Set.of("app.kubernetes.io/managed-by", NETWORK_LABEL);

  private Flannel() {}

  /** Everything that an installation of the network needs, in the order of creation. */
  public static List<HasMetadata> render(DesiredNetwork network) {
    List<HasMetadata> objects = new ArrayList<>(foundation(network));
    objects.add(
        daemonSet(network, template(network), RolloutAnnotations.NONE, network.maxUnavailable()));
    return List.copyOf(objects);
  }

  /** Everything that the network needs besides the DaemonSet, in the order of creation. */
  public static List<HasMetadata> foundation(DesiredNetwork network) {
    return List.of(
        FlannelNamespace.render(network),
        FlannelRbac.serviceAccount(network),
        FlannelRbac.clusterRole(network),
        FlannelRbac.clusterRoleBinding(network),
        NetConfConfigMap.render(network, NetConf.of(network)));
  }

  /** The pod template that the network asks for. */
  public static PodTemplateSpec template(DesiredNetwork network) {
    return template(network, Optional.empty());
  }

  /**
   * The template for pods that share no node with another flannel's.
   *
   * @param apartFrom the other one's namespace
   */
  public static PodTemplateSpec template(DesiredNetwork network, Optional<String> apartFrom) {
    return FlannelDaemonSet.template(network, NetConf.of(network), apartFrom);
  }

  /** The name of a template, derived from its content: {@link RolloutAnnotations#REVISION}. */
  public static String revision(PodTemplateSpec template) {
    return RolloutAnnotations.read(null, template.getMetadata().getAnnotations()).revision();
  }

  /**
   * The DaemonSet.
   *
   * @param template its pods' template: the network's, or an earlier one to roll back to
   * @param marks what the DaemonSet records of its rollouts
   * @param maxUnavailable how many nodes, or what percentage of them, may be without a ready pod
   */
  public static DaemonSet daemonSet(
      DesiredNetwork network,
      PodTemplateSpec template,
      RolloutAnnotations marks,
      String maxUnavailable) {
    return FlannelDaemonSet.render(network, template, marks, maxUnavailable);
  }

  /** The name of the ConfigMap with a configuration. */
  public static String configMapName(String hash) {
    return CONFIG_MAP_PREFIX + hash;
  }

  static ObjectMeta clusterScoped(DesiredNetwork network, String name) {
    return new ObjectMetaBuilder().withName(name).withLabels(labels(network)).build();
  }

  static ObjectMeta namespaced(DesiredNetwork network, String name) {
    return new ObjectMetaBuilder()
        .withName(name)
        .withNamespace(NAMESPACE)
        .withLabels(labels(network))
        .build();
  }

  public static Map<String, String> labels(DesiredNetwork network) {
    Map<String, String> labels = new LinkedHashMap<>();
    labels.put("app.kubernetes.io/name", "flannel");
    labels.put("app.kubernetes.io/managed-by", "flannel-operator");
    labels.put(NETWORK_LABEL, network.name());
    return labels;
  }
}

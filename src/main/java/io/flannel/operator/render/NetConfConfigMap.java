package io.flannel.operator.render;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.NetConf;

/**
 * flannel's configuration, immutable and named by its hash: a pod that restarts in the middle of a
 * rollout keeps the configuration that it was made with, and a rollback needs only the old
 * template.
 */
public final class NetConfConfigMap {
  /** The key of flanneld's configuration. */
  public static final String NET_CONF = "net-conf.json";

  /** The key of the CNI configuration. */
  public static final String CNI_CONF = "cni-conf.json";

  private NetConfConfigMap() {}

  static ConfigMap render(DesiredNetwork network, NetConf conf) {
    return new ConfigMapBuilder()
        .withMetadata(Flannel.namespaced(network, Flannel.configMapName(conf.hash())))
        .withImmutable(true)
        .addToData(NET_CONF, conf.netConfJson())
        .addToData(CNI_CONF, conf.cniConfJson())
        .build();
  }
}

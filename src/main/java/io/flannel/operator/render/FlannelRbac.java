package io.flannel.operator.render;

import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBindingBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBuilder;
import io.flannel.operator.flannel.DesiredNetwork;

/** What flanneld may do: upstream's rules (Documentation/kube-flannel.yml), no more. */
final class FlannelRbac {
  private FlannelRbac() {}

  static ServiceAccount serviceAccount(DesiredNetwork network) {
    return new ServiceAccountBuilder()
        .withMetadata(Flannel.namespaced(network, Flannel.ROLE))
        .build();
  }

  static ClusterRole clusterRole(DesiredNetwork network) {
    return new ClusterRoleBuilder()
        .withMetadata(Flannel.clusterScoped(network, Flannel.ROLE))
        .addNewRule()
        .withApiGroups("")
        .withResources("pods")
        .withVerbs("get")
        .endRule()
        .addNewRule()
        .withApiGroups("")
        .withResources("nodes")
        .withVerbs("get", "list", "watch")
        .endRule()
        .addNewRule()
        .withApiGroups("")
        .withResources("nodes/status")
        .withVerbs("patch")
        .endRule()
        .build();
  }

  static ClusterRoleBinding clusterRoleBinding(DesiredNetwork network) {
    return new ClusterRoleBindingBuilder()
        .withMetadata(Flannel.clusterScoped(network, Flannel.ROLE))
        .withNewRoleRef("rbac.authorization.k8s.io", "ClusterRole", Flannel.ROLE)
        .addNewSubject()
        .withKind("ServiceAccount")
        .withName(Flannel.ROLE)
        .withNamespace(Flannel.NAMESPACE)
        .endSubject()
        .build();
  }
}

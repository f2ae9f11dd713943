package io.flannel.operator.it;

import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBindingBuilder;
import io.fabric8.kubernetes.api.model.rbac.Subject;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.flannel.operator.testing.cluster.TestCluster;

/** ServiceAccounts, and the ClusterRoleBinding that gives them flannel's rights. */
record Accounts(KubernetesClient client) {
  static Accounts in(TestCluster cluster) {
    return new Accounts(cluster.client());
  }

  /** Creates the account, if it does not exist. */
  ServiceAccount create(String namespace, String name) {
    ServiceAccount account =
        new ServiceAccountBuilder()
            .withNewMetadata()
            .withNamespace(namespace)
            .withName(name)
            .endMetadata()
            .build();
    return client.resource(account).serverSideApply();
  }

  /** Creates a pod of the account's name that uses it; no node runs it. */
  void pod(String namespace, String account) {
    client
        .resource(
            new PodBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(account)
                .endMetadata()
                .withNewSpec()
                .withServiceAccountName(account)
                .addNewContainer()
                .withName("any")
                .withImage("example.org/any:1")
                .endContainer()
                .endSpec()
                .build())
        .create();
  }

  /** Creates the binding for one account. */
  void bind(String namespace, String account) {
    client
        .resource(
            binding()
                .edit()
                .addNewSubject()
                .withKind("ServiceAccount")
                .withNamespace(namespace)
                .withName(account)
                .endSubject()
                .build())
        .create();
  }

  /** Returns the binding for these subjects, not created. */
  static ClusterRoleBinding bound(Subject... subjects) {
    return binding().edit().withSubjects(subjects).build();
  }

  private static ClusterRoleBinding binding() {
    return new ClusterRoleBindingBuilder()
        .withNewMetadata()
        .withName("flannel")
        .endMetadata()
        .withNewRoleRef("rbac.authorization.k8s.io", "ClusterRole", "flannel")
        .build();
  }
}

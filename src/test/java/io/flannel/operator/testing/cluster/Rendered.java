package io.flannel.operator.testing.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The objects that the operator renders, as they are on the API server. */
public record Rendered(KubernetesClient client) {
  public static Rendered in(TestCluster cluster) {
    return new Rendered(cluster.client());
  }

  public Resource<Namespace> namespace() {
    return client.namespaces().withName(TestCluster.FLANNEL);
  }

  public Resource<ServiceAccount> serviceAccount() {
    return client.serviceAccounts().inNamespace(TestCluster.FLANNEL).withName("flannel");
  }

  public Resource<ClusterRole> clusterRole() {
    return client.rbac().clusterRoles().withName("flannel");
  }

  public Resource<ClusterRoleBinding> clusterRoleBinding() {
    return client.rbac().clusterRoleBindings().withName("flannel");
  }

  public Resource<DaemonSet> daemonSet() {
    return client.apps().daemonSets().inNamespace(TestCluster.FLANNEL).withName("kube-flannel-ds");
  }

  /**
   * Returns the subjects with flannel's rights as {@code NAMESPACE/NAME}; empty if there is no
   * binding.
   */
  public List<String> subjects() {
    ClusterRoleBinding binding = clusterRoleBinding().get();
    return binding == null
        ? List.of()
        : binding.getSubjects().stream()
            .map(
                subject -> subject.getNamespace() + "/" + Objects.requireNonNull(subject.getName()))
            .toList();
  }

  /** Returns the DaemonSet, which must exist. */
  public DaemonSet liveDaemonSet() {
    return Objects.requireNonNull(daemonSet().get());
  }

  /** Returns all configurations, including the current one. */
  public List<ConfigMap> configMaps() {
    return client.configMaps().inNamespace(TestCluster.FLANNEL).list().getItems().stream()
        .filter(map -> map.getMetadata().getName().startsWith("kube-flannel-cfg-"))
        .toList();
  }

  /** Returns the ConfigMap that the DaemonSet's pods mount. */
  public Resource<ConfigMap> configMap() {
    String name =
        liveDaemonSet().getSpec().getTemplate().getSpec().getVolumes().stream()
            .filter(volume -> volume.getName().equals("flannel-cfg"))
            .findFirst()
            .orElseThrow()
            .getConfigMap()
            .getName();
    return client.configMaps().inNamespace(TestCluster.FLANNEL).withName(name);
  }

  /** Returns all objects that exist. */
  public List<HasMetadata> objects() {
    List<HasMetadata> objects = new ArrayList<>();
    objects.add(namespace().get());
    objects.add(serviceAccount().get());
    objects.add(clusterRole().get());
    objects.add(clusterRoleBinding().get());
    objects.addAll(configMaps());
    objects.add(daemonSet().get());
    return objects.stream().filter(Objects::nonNull).toList();
  }

  /** Returns {@code Kind name} of all objects that exist. */
  public List<String> names() {
    return objects().stream().map(Rendered::name).toList();
  }

  /** Returns what changes with every write to one of the objects, and only then. */
  public Map<String, String> resourceVersions() {
    return by(object -> object.getMetadata().getResourceVersion());
  }

  /**
   * Returns the objects' content, without what depends on the time, what the API server adds
   * itself, and what others report.
   */
  public Map<String, String> contents() {
    return by(
        object -> {
          ObjectNode json = Serialization.jsonMapper().valueToTree(object);
          json.remove("status");
          ((ObjectNode) json.path("metadata"))
              .remove(
                  List.of(
                      "uid",
                      "resourceVersion",
                      "generation",
                      "creationTimestamp",
                      "managedFields"));
          JsonNode annotations = json.at("/metadata/annotations");
          if (annotations instanceof ObjectNode map) {
            map.remove(
                List.of(
                    "deprecated.daemonset.template.generation",
                    "flannel.io/changed-at",
                    "flannel.io/previous-revision",
                    "flannel.io/unhealthy-before"));
          }
          return Serialization.asYaml(json);
        });
  }

  private Map<String, String> by(Function<HasMetadata, String> what) {
    return objects().stream()
        .collect(Collectors.toMap(Rendered::name, what, (a, b) -> a, TreeMap::new));
  }

  private static String name(HasMetadata object) {
    return object.getKind() + " " + object.getMetadata().getName();
  }
}

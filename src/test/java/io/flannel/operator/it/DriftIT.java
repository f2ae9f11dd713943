package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.flannel.operator.flannel.FieldOwnership;
import io.flannel.operator.testing.apiserver.AuditLog;
import io.flannel.operator.testing.cluster.Rendered;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeKubelets;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What is deleted or edited by hand is restored; what others own stays. */
class DriftIT {
  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  @BeforeEach
  void install() {
    cluster.nodes(2);
    try (var kubelets = FakeKubelets.on(cluster)) {
      TestNetwork.of(cluster, "default").apply(TestNetwork.VXLAN).awaitReady();
    }
  }

  static Map<String, Function<Rendered, Resource<? extends HasMetadata>>> objects() {
    return Map.of(
        "ServiceAccount",
        Rendered::serviceAccount,
        "ClusterRole",
        Rendered::clusterRole,
        "ClusterRoleBinding",
        Rendered::clusterRoleBinding,
        "ConfigMap",
        Rendered::configMap,
        "DaemonSet",
        Rendered::daemonSet);
  }

  @Test
  void deletedObjectComesBack() {
    var rendered = Rendered.in(cluster);
    var before = rendered.contents();
    objects()
        .forEach(
            (kind, object) -> {
              object.apply(rendered).withGracePeriod(0).delete();
              eventually(
                  kind + " is back", () -> assertThat(rendered.contents()).isEqualTo(before));
            });
  }

  @Test
  void theNamespaceComesBackWithAllThatWasInIt() {
    var rendered = Rendered.in(cluster);
    var before = rendered.contents();
    String uid = rendered.namespace().get().getMetadata().getUid();
    rendered.namespace().delete();
    eventually(
        "another namespace",
        () -> assertThat(rendered.namespace().get().getMetadata().getUid()).isNotEqualTo(uid));
    eventually("all of it", () -> assertThat(rendered.contents()).isEqualTo(before));
  }

  @Test
  void editedObjectIsPutRightByOneWrite() {
    var rendered = Rendered.in(cluster);
    var before = rendered.contents();
    Map<String, Runnable> edits =
        Map.of(
            "the DaemonSet's image",
            () ->
                edit(rendered.daemonSet(), it -> flanneld(it).setImage("example.org/flannel:mine")),
            "the DaemonSet's arguments",
            () -> edit(rendered.daemonSet(), it -> flanneld(it).setArgs(List.of("--ip-masq"))),
            "the DaemonSet's label",
            () -> edit(rendered.daemonSet(), DriftIT::unlabel),
            "the ConfigMap's label",
            () -> edit(rendered.configMap(), DriftIT::unlabel),
            "the ServiceAccount's label",
            () -> edit(rendered.serviceAccount(), DriftIT::unlabel),
            "the ClusterRole's rules",
            () -> edit(rendered.clusterRole(), it -> it.getRules().removeLast()),
            "the binding's subjects",
            () -> edit(rendered.clusterRoleBinding(), it -> it.setSubjects(List.of())),
            "the Namespace's labels",
            () ->
                edit(
                    rendered.namespace(),
                    it ->
                        it.getMetadata()
                            .getLabels()
                            .put("pod-security.kubernetes.io/enforce", "restricted")));
    edits.forEach(
        (what, edit) -> {
          var mark = cluster.api().audit().mark();
          edit.run();
          eventually(what, () -> assertThat(rendered.contents()).isEqualTo(before));
          operator.process().awaitPassAfter(() -> TestNetwork.of(cluster, "default").poke(what));
          assertThat(objectWrites(mark)).as(what).hasSize(1);
        });
  }

  @Test
  void additionsOfOthersStay() {
    var rendered = Rendered.in(cluster);
    var mark = cluster.api().audit().mark();
    edit(
        rendered.daemonSet(),
        it -> {
          it.getMetadata().getLabels().put("example.org/mine", "label");
          it.getMetadata().getAnnotations().put("example.org/mine", "annotation");
          it.getSpec().getTemplate().getMetadata().getAnnotations().put("example.org/mine", "pods");
          flanneld(it).getEnv().add(new EnvVar("MINE", "1", null));
        });
    for (Resource<? extends HasMetadata> object :
        List.of(
            rendered.namespace(),
            rendered.serviceAccount(),
            rendered.clusterRole(),
            rendered.clusterRoleBinding(),
            rendered.configMap())) {
      edit(object, it -> it.getMetadata().getLabels().put("example.org/mine", "label"));
    }
    var edited = rendered.contents();
    operator.process().awaitPassAfter(() -> TestNetwork.of(cluster, "default").poke("look"));

    assertThat(objectWrites(mark)).isEmpty();

    // A repair of our own fields also leaves theirs alone.
    edit(rendered.daemonSet(), it -> flanneld(it).setImage("example.org/flannel:mine"));
    eventually("repaired", () -> assertThat(rendered.contents()).isEqualTo(edited));
  }

  private static List<AuditLog.Request> objectWrites(AuditLog.Mark mark) {
    return cluster.writes(mark).stream()
        .filter(write -> !write.resource().startsWith("flannelnetworks"))
        .filter(write -> !write.resource().equals("events"))
        .toList();
  }

  /** The framework's comparison fails on both edits. */
  @Test
  void objectThatCannotBeComparedIsPutRightAllTheSame() {
    var rendered = Rendered.in(cluster);
    var before = rendered.contents();
    edit(
        rendered.daemonSet(),
        it -> {
          flanneld(it).getEnv().add(new EnvVar("POD_NAME", "twice", null));
          it.getMetadata().getManagedFields().stream()
              .filter(entry -> !FieldOwnership.FIELD_MANAGER.equals(entry.getManager()))
              .forEach(entry -> entry.setManager(null));
        });
    eventually("it is back", () -> assertThat(rendered.contents()).isEqualTo(before));
  }

  private static <R extends HasMetadata> void edit(Resource<R> object, Consumer<R> change) {
    object.edit(
        live -> {
          change.accept(live);
          return live;
        });
  }

  private static void unlabel(HasMetadata object) {
    object.getMetadata().getLabels().remove("flannel.io/network");
  }

  private static Container flanneld(DaemonSet daemonSet) {
    return daemonSet.getSpec().getTemplate().getSpec().getContainers().getFirst();
  }
}

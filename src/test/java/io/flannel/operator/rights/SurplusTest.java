package io.flannel.operator.rights;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBuilder;
import io.fabric8.kubernetes.api.model.rbac.RoleBuilder;
import io.flannel.operator.testing.apiserver.AuditLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which rights are reported as superfluous, given an audit log. */
class SurplusTest {
  private static final String ACCOUNT = "system:serviceaccount:ours:operator";

  @TempDir private Path directory;

  @Test
  void noneIfEachWasUsed() throws IOException {
    assertThat(
            surplus(
                rights("pods", "list", "watch"), get("list", "pods", ""), get("watch", "pods", "")))
        .isEmpty();
  }

  @Test
  void aVerbTooMany() throws IOException {
    assertThat(surplus(rights("pods", "list", "delete"), get("list", "pods", "")))
        .containsExactly("the right to delete pods was never used");
  }

  @Test
  void aResourceThatNobodyAskedFor() throws IOException {
    List<Right> granted = new ArrayList<>(rights("pods", "list"));
    granted.addAll(rights("secrets", "list"));
    assertThat(surplus(granted, get("list", "pods", "")))
        .containsExactly("the right to list secrets was never used");
  }

  @Test
  void aNameThatNobodyAskedFor() throws IOException {
    var granted =
        Right.of(
            new ClusterRoleBuilder()
                .addNewRule()
                .withApiGroups("")
                .withResources("namespaces")
                .withResourceNames("used", "unused")
                .withVerbs("get")
                .endRule()
                .build());
    assertThat(surplus(granted, get("get", "namespaces", "used")))
        .containsExactly("the right to get namespaces unused was never used");
  }

  @Test
  void aSubresourceIsAnotherThing() throws IOException {
    assertThat(
            surplus(
                rights("pods/status", "patch"),
                line("patch", "pods", "", "ours", "a", 200, "allow")))
        .containsExactly("the right to patch pods/status was never used");
  }

  @Test
  void aRightThatAWiderOneHolds() throws IOException {
    List<Right> granted = new ArrayList<>(rights("pods", "list"));
    granted.addAll(
        Right.of(
            new RoleBuilder()
                .addNewRule()
                .withApiGroups("")
                .withResources("pods")
                .withVerbs("list")
                .endRule()
                .build()));
    assertThat(
            surplus(
                granted,
                line("list", "pods", "", "ours", "", 200, "allow"),
                line("list", "pods", "", "elsewhere", "", 200, "allow")))
        .containsExactly(
            "the right to list pods in its own namespace was used only for what [list pods]"
                + " allows, too");
  }

  @Test
  void rightHeldForAnotherReasonNeedsNoUseAndExcusesNone() throws IOException {
    List<Right> granted = rights("nodes", "get");
    assertThat(Surplus.in(granted, granted, Set.of())).isEmpty();

    List<Right> own =
        Right.of(
            new RoleBuilder()
                .addNewRule()
                .withApiGroups("")
                .withResources("pods")
                .withVerbs("get")
                .endRule()
                .build());
    List<Right> held = rights("pods", "get");
    List<Right> both = new ArrayList<>(held);
    both.addAll(own);
    var uses = uses(line("get", "pods", "", "ours", "a", 200, "allow"));
    assertThat(Surplus.in(both, held, uses)).isEmpty();
    assertThat(Surplus.in(both, List.of(), uses)).hasSize(2);
  }

  @Test
  void applyCreatesWhatWasNotThere() throws IOException {
    assertThat(
            surplus(
                rights("configmaps", "patch", "create"),
                line("patch", "configmaps", "", "ours", "a", 200, "allow")))
        .containsExactly("the right to create configmaps was never used");
    assertThat(
            surplus(
                rights("configmaps", "patch", "create"),
                line("patch", "configmaps", "", "ours", "a", 201, "allow")))
        .isEmpty();
  }

  @Test
  void refusedRequestIsNoUse() throws IOException {
    assertThat(
            surplus(
                rights("secrets", "list"), line("list", "secrets", "", "ours", "", 403, "forbid")))
        .containsExactly("the right to list secrets was never used");
  }

  @Test
  void requestOfOthersIsNoUse() throws IOException {
    assertThat(
            surplus(rights("pods", "list"), get("list", "pods", "").replace(ACCOUNT, "somebody")))
        .containsExactly("the right to list pods was never used");
  }

  private List<String> surplus(List<Right> granted, String... log) throws IOException {
    return Surplus.in(granted, List.of(), uses(log)).stream().map(Surplus::toString).toList();
  }

  private Set<Use> uses(String... log) throws IOException {
    Path file = Files.write(directory.resolve("audit.log"), List.of(log));
    try (var requests = AuditLog.of(ACCOUNT, file)) {
      return Use.of(requests);
    }
  }

  private static List<Right> rights(String resource, String... verbs) {
    ClusterRole role =
        new ClusterRoleBuilder()
            .addNewRule()
            .withApiGroups("")
            .withResources(resource)
            .withVerbs(verbs)
            .endRule()
            .build();
    return Right.of(role);
  }

  private static String get(String verb, String resource, String name) {
    return line(verb, resource, "", "", name, 200, "allow");
  }

  private static String line(
      String verb,
      String resource,
      String group,
      String namespace,
      String name,
      int code,
      String decision) {
    return """
    {"user": {"username": "%s"}, "verb": "%s", "requestURI": "/", "objectRef": {"resource": "%s",\
     "apiGroup": "%s", "namespace": "%s", "name": "%s"}, "responseStatus": {"code": %d},\
     "annotations": {"authorization.k8s.io/decision": "%s"},\
     "requestReceivedTimestamp": "2026-11-26T12:00:00Z", "stageTimestamp": "2026-11-26T12:00:00Z"}\
    """
        .formatted(ACCOUNT, verb, resource, group, namespace, name, code, decision);
  }
}

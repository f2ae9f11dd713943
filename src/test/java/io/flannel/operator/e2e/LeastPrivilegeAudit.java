package io.flannel.operator.e2e;

import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.rights.Right;
import io.flannel.operator.rights.Surplus;
import io.flannel.operator.rights.Use;
import io.flannel.operator.testing.apiserver.AuditLog;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.operator.OperatorProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * RBAC is minimal: according to the audit log, each right that the live cluster grants to the
 * operator, its node agents and flanneld was used, and none was missing. {@code scripts/test} runs
 * this after all other tests, since it judges the requests that they caused.
 *
 * <p>Agents and flanneld are judged by the lab's log alone. For the operator, the logs of the
 * integration tests in {@code target/it} count as well, where its account and rights are also the
 * chart's: some of its work, such as adopting a foreign flannel, happens in the lab only in tests
 * that are tagged slow. Logs older than the packaged operator belong to an earlier one and don't
 * count.
 */
@ExtendWith(InstalledOperator.class)
class LeastPrivilegeAudit {
  private static final String NAMESPACE = InstalledOperator.NAMESPACE;
  private static final String OPERATOR = account(NAMESPACE, "flannel-operator");
  private static final String AGENT = account(NAMESPACE, "flannel-node-agent");
  private static final String FLANNELD = account("kube-flannel", "flannel");

  private static List<Path> labLogs;

  /** Ensures that all three have their rights, whatever earlier tests left. */
  @BeforeAll
  static void theLogs() throws IOException {
    Network.rolls("{type: %s}".formatted(Network.runningBackend().orElse("ipip")));
    await("flanneld's rights")
        .atMost(2, MINUTES)
        .pollInterval(1, SECONDS)
        .until(() -> Lab.tryRun("kubectl", "get", "clusterrole", "flannel").code() == 0);
    labLogs = logs(cache().resolve("run/log"), FileTime.fromMillis(0));
    assertThat(labLogs).as("audit logs of the lab, which must be up").isNotEmpty();
  }

  @Test
  void theOperatorNeedsEachOfItsRights() throws IOException {
    List<Path> logs =
        logs(Path.of("target/it"), Files.getLastModifiedTime(OperatorProcess.PACKAGED));
    assertThat(logs).as("audit logs of integration tests: run make test").isNotEmpty();
    List<Right> granted = operators();
    // The operator grants these to flanneld, and RBAC lets nobody grant rights that they don't
    // hold.
    List<Right> flannelds = clusterRole("flannel");
    assertThat(granted).containsAll(flannelds);

    Set<Use> uses = uses(OPERATOR, labLogs);
    uses.addAll(uses(TestCluster.OPERATOR, logs));
    assertThat(Surplus.in(granted, flannelds, uses)).isEmpty();
    assertThat(Surplus.beyond(granted, uses))
        .allMatch(use -> isEverybodys(use) || isOfTheMetrics(use));
  }

  @Test
  void theAgentsNeedEachOfTheirs() throws IOException {
    List<Right> granted = clusterRole("flannel-node-agent");
    Set<Use> uses = uses(AGENT, labLogs);
    assertThat(Surplus.in(granted, List.of(), uses)).isEmpty();
    assertThat(Surplus.beyond(granted, uses)).isEmpty();
  }

  @Test
  void flanneldNeedsEachOfItsOwn() throws IOException {
    List<Right> granted = clusterRole("flannel");
    Set<Use> uses = uses(FLANNELD, labLogs);
    assertThat(Surplus.in(granted, List.of(), uses)).isEmpty();
    assertThat(Surplus.beyond(granted, uses)).isEmpty();
  }

  /**
   * Refused requests that would be allowed now were made under other rights: an uninstalled release
   * loses its rights before its pod ends, and the last chart had other rights.
   */
  @Test
  void noneOfThemAskedForMore() throws IOException {
    assertThat(Surplus.beyond(operators(), refused(OPERATOR))).isEmpty();
    assertThat(Surplus.beyond(clusterRole("flannel-node-agent"), refused(AGENT))).isEmpty();
    assertThat(Surplus.beyond(clusterRole("flannel"), refused(FLANNELD))).isEmpty();
  }

  /** Whether the default role system:basic-user grants it: reviews of one's own rights. */
  private static boolean isEverybodys(Use use) {
    return use.group().equals("authorization.k8s.io") && use.resource().startsWith("selfsubject");
  }

  /** Whether metrics.enabled grants it in the chart, which a test turns on for a while. */
  private static boolean isOfTheMetrics(Use use) {
    return use.verb().equals("create")
        && Set.of("tokenreviews", "subjectaccessreviews").contains(use.resource());
  }

  private static List<Right> operators() {
    List<Right> granted = new ArrayList<>(clusterRole("flannel-operator"));
    granted.addAll(role("flannel-operator"));
    return granted;
  }

  private static List<Right> clusterRole(String name) {
    return Right.of(
        Serialization.unmarshal(Lab.get("clusterrole", name).toString(), ClusterRole.class));
  }

  private static List<Right> role(String name) {
    return Right.of(
        Serialization.unmarshal(Lab.get("-n", NAMESPACE, "role", name).toString(), Role.class));
  }

  private static Set<Use> uses(String account, List<Path> logs) {
    return asked(account, logs, Use::of);
  }

  private static Set<Use> refused(String account) {
    return asked(account, labLogs, Use::refused);
  }

  private static Set<Use> asked(
      String account,
      List<Path> logs,
      Function<Stream<AuditLog.Request>, ? extends Collection<Use>> what) {
    Set<Use> all = new TreeSet<>(Comparator.comparing(Use::toString));
    for (Path log : logs) {
      try (var requests = AuditLog.of(account, log)) {
        all.addAll(what.apply(requests));
      }
    }
    return all;
  }

  /** Returns the logs, including those that the API server rotated for their size. */
  private static List<Path> logs(Path under, FileTime notBefore) throws IOException {
    if (!Files.isDirectory(under)) {
      return List.of();
    }
    List<Path> logs = new ArrayList<>();
    try (var files = Files.find(under, 2, (file, about) -> about.isRegularFile())) {
      for (Path file : files.sorted().toList()) {
        if (file.getFileName().toString().matches("audit.*[.]log")
            && Files.getLastModifiedTime(file).compareTo(notBefore) >= 0) {
          logs.add(file);
        }
      }
    }
    return logs;
  }

  private static Path cache() {
    String chosen = System.getenv("FLANNEL_LAB_CACHE");
    return chosen != null
        ? Path.of(chosen)
        : Path.of(System.getProperty("user.home"), ".cache", "flannel-operator");
  }

  private static String account(String namespace, String name) {
    return "system:serviceaccount:" + namespace + ":" + name;
  }
}

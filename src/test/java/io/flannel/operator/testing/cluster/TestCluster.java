package io.flannel.operator.testing.cluster;

import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.api.FlannelNode;
import io.flannel.operator.testing.apiserver.ApiServer;
import io.flannel.operator.testing.apiserver.AuditLog;
import io.flannel.operator.testing.apiserver.TestNode;
import io.flannel.operator.testing.apiserver.WriteBreaker;
import io.flannel.operator.testing.cli.Helm;
import io.flannel.operator.testing.operator.AotCache;
import io.flannel.operator.testing.operator.ImageOptions;
import io.flannel.operator.testing.operator.OperatorProcess;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.awaitility.core.ConditionFactory;
import org.awaitility.core.ThrowingRunnable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * One API server with controller-manager and CRDs for all tests of the operator, emptied before
 * each of them. The test starts the operator itself.
 */
public final class TestCluster implements BeforeAllCallback, BeforeEachCallback {
  /** The operator's user, as in the audit log. */
  public static final String OPERATOR = "system:serviceaccount:flannel-system:flannel-operator";

  /** flannel's namespace. */
  public static final String FLANNEL = "kube-flannel";

  /** The namespace of the operator and its agents. */
  public static final String SYSTEM = "flannel-system";

  private static final String ACCOUNT = "flannel-operator";

  /** Ends with the JVM, like each {@link ChildProcess}. */
  private static @Nullable ApiServer shared;

  private @Nullable OperatorProcess running;

  @Override
  public void beforeAll(ExtensionContext context) {
    api();
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    empty();
  }

  /** Returns the API server that all tests share. */
  public ApiServer api() {
    synchronized (TestCluster.class) {
      if (shared == null) {
        shared = new ApiServer().start().installCrds().controllerManager();
        admit(shared);
      }
      return shared;
    }
  }

  /** Returns a client with all rights. */
  public KubernetesClient client() {
    return api().client();
  }

  /** Registers the operator that keeps running between tests. */
  void runs(OperatorProcess operator) {
    running = operator;
  }

  /**
   * Prepares the operator with only its own rights, without starting it; its Lease expires quickly.
   */
  public OperatorProcess operator() {
    return configured(OperatorProcess.with(api().kubeconfigOf(SYSTEM, ACCOUNT)));
  }

  /** Prepares the operator like {@link #operator()}, reaching the API server through a proxy. */
  public OperatorProcess operator(WriteBreaker proxy) {
    return configured(OperatorProcess.with(api().kubeconfigOf(SYSTEM, ACCOUNT, proxy)));
  }

  /** Creates the operator's namespace, and its ServiceAccount and rights from the Helm chart. */
  public static void admit(ApiServer api) {
    admit(api, List.of(), List.of());
  }

  /**
   * Like {@link #admit(ApiServer)}, with the right to review tokens, and the metrics' ClusterRole.
   */
  public static void admitWithMetrics(ApiServer api) {
    admit(api, List.of("metrics.enabled=true"), List.of("metrics-reader"));
  }

  private static void admit(ApiServer api, List<String> values, List<String> more) {
    List<String> templates = new ArrayList<>(List.of("serviceaccount", "rbac", "node-agent"));
    templates.addAll(more);
    api.client()
        .resource(new NamespaceBuilder().withNewMetadata().withName(SYSTEM).endMetadata().build())
        .create();
    api.client().load(Helm.template("helm", ACCOUNT, SYSTEM, values, templates)).create();
  }

  /** Creates the operator's Deployment for those who look it up; no controller acts on it. */
  public void deployment() {
    client()
        .load(Helm.template("helm", ACCOUNT, SYSTEM, List.of(), List.of("deployment")))
        .serverSideApply();
  }

  /** Prepares the operator of an API server for which {@link #admit} was called. */
  public static OperatorProcess operatorOf(ApiServer api) {
    return configured(OperatorProcess.with(api.kubeconfigOf(SYSTEM, ACCOUNT)));
  }

  /** Applies the settings that all tests share, with the JVM options of the image. */
  public static OperatorProcess configured(OperatorProcess operator) {
    return operator
        .javaOptions(
            Stream.concat(ImageOptions.jvm().stream(), AotCache.option().stream())
                .toArray(String[]::new))
        .environment("POD_NAMESPACE", SYSTEM)
        .environment("POD_NAME", "operator-1")
        .environment("FLANNEL_LEADER_ELECTION_LEASE_DURATION", "4s")
        .environment("FLANNEL_LEADER_ELECTION_RENEW_DEADLINE", "3s")
        .environment("FLANNEL_LEADER_ELECTION_RETRY_PERIOD", "1s");
  }

  /** Waits as long as a busy machine may need. */
  public static ConditionFactory patiently(String what) {
    return await(what)
        .atMost(Duration.ofMinutes(3))
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(100))
        .ignoreExceptions();
  }

  private void deleteFlannel() {
    var client = client();
    client.apps().daemonSets().inAnyNamespace().delete();
    client.rbac().clusterRoleBindings().withName("flannel").delete();
    client.rbac().clusterRoles().withName("flannel").delete();
    client.configMaps().inNamespace(FLANNEL).withLabel("flannel.io/network").delete();
    for (String namespace : List.of(FLANNEL, "kube-system")) {
      client.serviceAccounts().inNamespace(namespace).withName("flannel").delete();
      client.configMaps().inNamespace(namespace).withName("kube-flannel-cfg").delete();
    }
  }

  /** Waits until the assertions hold. */
  public static void eventually(String what, ThrowingRunnable assertions) {
    patiently(what).untilAsserted(assertions);
  }

  /**
   * Creates nodes node-1 … node-n with podCIDR 10.244.i.0/24 and address 192.168.0.i, without
   * leases.
   */
  public void nodes(int count) {
    for (int i = 1; i <= count; i++) {
      node(i).create(client());
    }
  }

  /** Returns one of these nodes, not created. */
  public static TestNode node(int i) {
    return TestNode.named("node-" + i)
        .podCidrs("10.244." + i + ".0/24")
        .internalIp("192.168.0." + i);
  }

  /** flannel's pods that are not being deleted. */
  public Stream<Pod> flannelPods() {
    return client()
        .pods()
        .inNamespace(FLANNEL)
        .withLabel("app", "flannel")
        .list()
        .getItems()
        .stream()
        .filter(pod -> !pod.isMarkedForDeletion());
  }

  /**
   * Returns the node for which the DaemonSet controller created a pod, which nobody binds there.
   */
  public static String nodeOf(Pod pod) {
    return pod.getSpec()
        .getAffinity()
        .getNodeAffinity()
        .getRequiredDuringSchedulingIgnoredDuringExecution()
        .getNodeSelectorTerms()
        .getFirst()
        .getMatchFields()
        .getFirst()
        .getValues()
        .getFirst();
  }

  /** Removes a Node and its pods, like the controller-manager's pod garbage collector. */
  public void removeNode(String name) {
    client().nodes().withName(name).delete();
    client().pods().inNamespace(FLANNEL).list().getItems().stream()
        .filter(pod -> nodeOf(pod).equals(name))
        .forEach(pod -> client().resource(pod).delete());
  }

  /** Returns the operator's successful writes of objects since then. */
  public List<AuditLog.Request> writes(AuditLog.Mark since) {
    return api().audit().since(since).stream()
        .filter(request -> request.isWriteBy(OPERATOR))
        .toList();
  }

  /**
   * Removes what a test may have left, except flannel's empty namespace, whose removal takes the
   * controller-manager some seconds.
   */
  public void empty() {
    var client = client();
    var networks = client.resources(FlannelNetwork.class);
    List<FlannelNetwork> left = networks.list().getItems();
    deleteNetworks();
    client.nodes().delete();
    left.forEach(network -> awaitItsPasses(network.getMetadata().getName()));
    eventually(
        "no pod and no DaemonSet",
        () -> {
          // Delete on each attempt: the controller-manager may have recreated them.
          deleteFlannel();
          client.pods().inNamespace(FLANNEL).delete();
          client.pods().inNamespace(SYSTEM).withGracePeriod(0).delete();
          client.secrets().inNamespace(SYSTEM).withName("flannel-probe-key").delete();
          client.pods().inNamespace("kube-system").withLabel("app", "flannel").delete();
          client.resources(FlannelNode.class).delete();
          check(client.pods().inNamespace(FLANNEL).list().getItems().isEmpty());
          check(client.apps().daemonSets().inAnyNamespace().list().getItems().isEmpty());
        });
    // A reconciliation in flight may be deleting it, so edit it until it is gone.
    eventually(
        "flannel's namespace, bare",
        () -> {
          if (client.namespaces().withName(FLANNEL).get() != null) {
            client
                .namespaces()
                .withName(FLANNEL)
                .edit(
                    namespace -> {
                      namespace.getMetadata().setLabels(Map.of());
                      namespace.getMetadata().setAnnotations(Map.of());
                      return namespace;
                    });
          }
        });
    client.events().v1().events().inNamespace("default").delete();
  }

  /** Removes the finalizers, whoever writes the network meanwhile and even if it is gone. */
  private void withoutFinalizers(String network) {
    try {
      client()
          .resources(FlannelNetwork.class)
          .withName(network)
          .patch(PatchContext.of(PatchType.JSON_MERGE), "{\"metadata\": {\"finalizers\": null}}");
    } catch (KubernetesClientException e) {
      if (e.getCode() != 404) {
        throw e;
      }
    }
  }

  private void deleteNetworks() {
    var networks = client().resources(FlannelNetwork.class);
    networks.delete();
    for (FlannelNetwork network : networks.list().getItems()) {
      withoutFinalizers(network.getMetadata().getName());
    }
    eventually("no FlannelNetwork", () -> check(networks.list().getItems().isEmpty()));
  }

  /**
   * Waits for the end of a reconciliation that is in flight when its network is deleted, since it
   * keeps writing. There is one reconciliation per name at a time: once a paused network of that
   * name has its verdict, which writes nothing else, the previous one is over.
   */
  private void awaitItsPasses(String name) {
    if (running == null || !running.isAlive()) {
      return;
    }
    var paused = TestNetwork.of(this, name).apply(TestNetwork.UNMEASURED + "paused: true");
    eventually(
        "the verdict on a paused network",
        () ->
            check(
                Objects.equals(
                    paused.status().observedGeneration(),
                    paused.get().getMetadata().getGeneration())));
    deleteNetworks();
  }

  /** Also removes flannel's namespace. */
  public void withoutNamespace() {
    client().namespaces().withName(FLANNEL).delete();
    eventually(
        "no namespace " + FLANNEL,
        () -> check(client().namespaces().withName(FLANNEL).get() == null));
  }

  private static void check(boolean holds) {
    if (!holds) {
      throw new AssertionError("not yet");
    }
  }
}

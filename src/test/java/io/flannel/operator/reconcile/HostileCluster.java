package io.flannel.operator.reconcile;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.cache.ItemStore;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNode;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.ClusterState.NetworkRef;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.decide.health.TunnelVerdicts;
import io.flannel.operator.decide.observation.Observation;
import io.flannel.operator.decide.plan.NodePlan;
import io.flannel.operator.decide.plan.ObservedTasks;
import io.flannel.operator.decide.plan.Plan;
import io.flannel.operator.decide.plan.Planner;
import io.flannel.operator.decide.rollout.RolloutState;
import io.flannel.operator.decide.task.TaskSchedule;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.foreign.ForeignFlannel;
import io.flannel.operator.flannel.foreign.OtherFlannels;
import io.flannel.operator.flannel.live.AppliedConfig;
import io.flannel.operator.flannel.live.FlannelPods;
import io.flannel.operator.flannel.live.LiveFlannel;
import io.flannel.operator.observe.FlannelNodeStore;
import io.flannel.operator.observe.LenientDecodingTest;
import io.flannel.operator.observe.LiveFlannelReader;
import io.flannel.operator.observe.NetworkSpec;
import io.flannel.operator.observe.TaskPod;
import io.flannel.operator.observe.TrimmedNode;
import io.flannel.operator.observe.Unread;
import io.flannel.operator.observe.WellObjects;
import io.flannel.operator.render.Flannel;
import io.flannel.operator.report.NetworkEvent;
import io.flannel.operator.report.StatusInput;
import io.flannel.operator.report.StatusReport;
import io.flannel.operator.report.metrics.NetworkMetrics;
import io.flannel.operator.report.text.NodeText;
import io.flannel.operator.report.text.PathText;
import io.flannel.operator.report.text.ProblemText;
import io.flannel.operator.report.text.StatusText;
import io.flannel.operator.report.view.NetworkView;
import io.flannel.operator.report.view.ObservedNetwork;
import io.flannel.operator.testing.hostile.HostileJson;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A cluster of a few nodes in which each object is JSON that somebody else wrote: read as the
 * Kubernetes client and the caches do, and judged as a reconciliation does, without an API server.
 */
final class HostileCluster {
  static final int NODES = WellObjects.NODES;

  private static final Instant NOW = Instant.parse("2026-11-30T10:00:30Z");
  private static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final KubernetesSerialization CLIENTS = LenientDecodingTest.clients();

  private static final List<ObjectNode> FLANNEL_NODES =
      IntStream.rangeClosed(1, NODES).mapToObj(WellObjects::flannelNode).toList();
  private static final List<ObjectNode> CLUSTER_NODES =
      IntStream.rangeClosed(1, NODES).mapToObj(WellObjects::clusterNode).toList();
  private static final List<Node> WELL_NODES =
      CLUSTER_NODES.stream().map(json -> read(json, Node.class)).toList();
  private static final List<FlannelNode> WELL_FLANNEL_NODES =
      FLANNEL_NODES.stream().map(json -> read(json, FlannelNode.class)).toList();
  private static final DesiredNetwork WANTED =
      NetworkSpec.wanted(CLIENTS.unmarshal(WellObjects.NETWORK.toString(), FlannelNetwork.class));
  private static final String REVISION = Flannel.revision(Flannel.template(WANTED));
  private static final ObjectNode DAEMON_SET = rendered(DaemonSet.class);
  private static final ObjectNode CONFIG_MAP = rendered(ConfigMap.class);
  private static final DaemonSet WELL = read(DAEMON_SET, DaemonSet.class);
  private static final ConfigMap WELL_CONFIG = read(CONFIG_MAP, ConfigMap.class);
  private static final ObjectNode STATUS = statusOfWell();

  private final HostileJson hostile;
  private final NetworkMetrics metrics = new NetworkMetrics(new SimpleMeterRegistry());

  HostileCluster(long seed) {
    hostile = new HostileJson(seed);
  }

  /** Reads and judges hostile objects once, which must never throw. */
  void pass() {
    ObjectNode json = WellObjects.NETWORK.deepCopy();
    if (hostile.once(2)) {
      json.set("spec", hostile.mutated((ObjectNode) WellObjects.NETWORK.get("spec"), 2));
    }
    json.set("status", hostile.mutated(STATUS, 3));
    FlannelNetwork network = read(json, FlannelNetwork.class);
    if (hostile.once(8)) {
      CLIENTS.clone(network);
      steps();
    }
    DesiredNetwork wanted = WANTED;
    try {
      DesiredNetwork read = NetworkSpec.wanted(network);
      wanted = hostile.once(8) ? read : wanted;
    } catch (IllegalArgumentException e) {
      NetworkSpec.going(network, Stream.of(read(texts(CONFIG_MAP, 3), ConfigMap.class)));
      StatusReport.refused(
          1,
          Optional.ofNullable(network.getStatus()),
          new Decision.Refuse("InvalidSpec", String.valueOf(e.getMessage()), "r"),
          CLOCK);
    }
    judge(network, wanted, flannelNodes(4), clusterNodes(3));
  }

  /** Reconciles a healthy cluster, and returns its status as the one to mutate. */
  private static ObjectNode statusOfWell() {
    HostileCluster well = new HostileCluster(0);
    FlannelNetwork network =
        CLIENTS.unmarshal(WellObjects.NETWORK.toString(), FlannelNetwork.class);
    FlannelNetworkStatus status = null;
    while (status == null) {
      status = well.judge(network, WANTED, WELL_FLANNEL_NODES, WELL_NODES);
    }
    return JSON.valueToTree(status);
  }

  private @Nullable FlannelNetworkStatus judge(
      FlannelNetwork network,
      DesiredNetwork wanted,
      List<FlannelNode> flannelNodes,
      List<Node> clusterNodes) {
    Map<String, AgentReport> reports = new TreeMap<>();
    Map<String, FlannelNode> byName = new TreeMap<>();
    for (FlannelNode node : flannelNodes) {
      byName.put(node.getMetadata().getName(), node);
      reports.put(
          node.getMetadata().getName(),
          Unread.of(node)
              .in("status")
              .<AgentReport>map(AgentReport.Nonsense::new)
              .orElseGet(
                  () ->
                      AgentReport.read(
                          node.getMetadata().getGeneration(),
                          node.getSpec(),
                          node.getStatus(),
                          Duration.ofSeconds(3))));
    }
    ClusterState cluster = cluster(clusterNodes, byName);
    Optional<FlannelNetworkStatus> previous = Optional.ofNullable(network.getStatus());
    Observation seen = Observation.of(wanted, cluster, reports, previous, NOW);
    Plan plan =
        Planner.plan(
            seen,
            new ObservedTasks(List.of(), List.of(), List.of(), Map.of()),
            new Planner.Request(
                "uid",
                new RolloutState.Target(
                    wanted == WANTED ? REVISION : Flannel.revision(Flannel.template(wanted)), ""),
                false));
    NodePlan nodes = NodePlan.of(seen, plan, Map.of("node1", Set.of(Cidr.parse("10.244.9.0/24"))));
    nodes.removal().tasks().nodes().keySet().forEach(node -> nodes.removal().tasks().json(node));
    Observation told =
        nodes
            .withTasks(
                new TaskSchedule(
                    List.of(),
                    List.of(),
                    new TreeMap<>(),
                    new TreeMap<>(Map.of("node2", hostile.text())),
                    Optional.empty()))
            .told(seen);
    Optional<TunnelVerdicts> tunnels = told.tunnels();
    StatusInput situation =
        new StatusInput(
            network.getMetadata().getGeneration(),
            told,
            tunnels,
            plan.decision(),
            false,
            Optional.empty(),
            Optional.empty(),
            plan.rollout(),
            NOW.minusSeconds(60));
    if (!hostile.once(4)) {
      return previous.orElse(null);
    }
    FlannelNetworkStatus status = StatusReport.of(situation, CLOCK);
    NetworkEvent.between(previous, status);
    metrics.record(
        wanted.name(), status, tunnels.map(TunnelVerdicts::nodes).orElseGet(TreeMap::new));
    show(network, told.withStatus(Optional.of(status)));
    return status;
  }

  private static void show(FlannelNetwork network, Observation seen) {
    ObservedNetwork observed =
        new ObservedNetwork(
            seen.wanted().name(),
            1,
            false,
            network.getSpec(),
            seen.status(),
            Optional.of(
                new ObservedNetwork.Evidence(
                    seen.wanted(),
                    seen.wanted().backend(),
                    seen.leases(),
                    seen.reports(),
                    seen.tunnels(),
                    NOW)));
    NetworkView view = observed.viewWithMesh();
    NodeText.of(view, true, NOW);
    StatusText.of(view, NOW);
    ProblemText.of(view, NOW);
    observed.path("node1", "node2").ifPresent(PathText::of);
    observed.path("node3", "node1").ifPresent(PathText::of);
    try {
      JSON.writeValueAsString(view);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private ClusterState cluster(List<Node> nodes, Map<String, FlannelNode> reports) {
    DaemonSet daemonSet = WELL;
    ConfigMap configMap = WELL_CONFIG;
    if (hostile.once(8)) {
      daemonSet = ofTheApiServers(texts(DAEMON_SET, 2), DaemonSet.class, WELL);
      configMap = read(texts(CONFIG_MAP, 2), ConfigMap.class);
    }
    Optional<AppliedConfig> config = LiveFlannelReader.config(configMap);
    LiveFlannel live = LiveFlannelReader.read(daemonSet, Optional.of(configMap));
    if (daemonSet != WELL) {
      ForeignFlannel.of(daemonSet, Optional.of(configMap), Optional.empty());
    }
    return new ClusterState(
        nodes.stream()
            .map(
                node -> {
                  FlannelNode report = reports.get(node.getMetadata().getName());
                  return ClusterNode.of(node)
                      .bootedAt(
                          report == null || report.getStatus() == null
                              ? null
                              : report.getStatus().bootedAt());
                })
            .toList(),
        List.of(),
        List.of(new NetworkRef("default", NOW)),
        Optional.of(live),
        List.of(),
        new FlannelPods(
            List.of(),
            config
                .map(it -> Map.of(LiveFlannelReader.hash("kube-flannel-cfg-a"), it))
                .orElse(Map.of())),
        OtherFlannels.NONE);
  }

  /** Reads a task pod's result as kubelet reports it. */
  private void steps() {
    ObjectNode json = WellObjects.STEP_POD.deepCopy();
    ObjectNode terminated = (ObjectNode) json.at("/status/containerStatuses/0/state/terminated");
    terminated.put("message", hostile.mutated(WellObjects.STEP_RESULT, 3).toString());
    Pod pod = read(texts(json, 2), Pod.class);
    TaskPod.of(pod, Optional.empty(), NOW);
    TaskPod.differ(pod, pod);
  }

  /** Passes FlannelNodes through the store, and compares them with their healthy versions. */
  private List<FlannelNode> flannelNodes(int changes) {
    ItemStore<FlannelNode> store = new FlannelNodeStore(CLOCK).items();
    List<FlannelNode> nodes = new ArrayList<>();
    for (ObjectNode well : FLANNEL_NODES) {
      ObjectNode json = well.deepCopy();
      JsonNode status = well.get("status");
      json.set(
          "status",
          changes > 0 && Math.floorMod(nodes.size() + changes, 5) == 4
              ? hostile.any(4)
              : hostile.mutated((ObjectNode) status, changes));
      FlannelNode node = read(json, FlannelNode.class);
      FlannelNode before = WELL_FLANNEL_NODES.get(nodes.size());
      store.put(store.getKey(before), before);
      store.put(store.getKey(node), node);
      if (store.get(store.getKey(node)) != node) {
        throw new IllegalStateException("it can't be judged: " + json);
      }
      FlannelNodeStore.differ(node, before);
      nodes.add(node);
    }
    return nodes;
  }

  private List<Node> clusterNodes(int changes) {
    if (!hostile.once(4)) {
      return WELL_NODES;
    }
    List<Node> nodes = new ArrayList<>();
    for (ObjectNode well : CLUSTER_NODES) {
      ObjectNode json = texts(well, changes);
      ((ObjectNode) json.get("metadata")).set("name", well.at("/metadata/name"));
      nodes.add(TrimmedNode.of(read(json, Node.class)));
    }
    return nodes;
  }

  private ObjectNode texts(ObjectNode well, int changes) {
    return hostile.withOtherTexts(well, changes);
  }

  /**
   * Reads an object, or returns the alternative if it is one that the API server refuses, such as
   * with an invalid quantity.
   */
  private static <T> T ofTheApiServers(ObjectNode json, Class<T> kind, T otherwise) {
    try {
      return read(json, kind);
    } catch (KubernetesClientException e) {
      return otherwise;
    }
  }

  private static <T> T read(ObjectNode json, Class<T> kind) {
    return CLIENTS.unmarshal(json.toString(), kind);
  }

  private static <T> ObjectNode rendered(Class<T> kind) {
    return Flannel.render(WANTED).stream()
        .filter(kind::isInstance)
        .map(it -> WellObjects.object(Serialization.asJson(it)))
        .findFirst()
        .orElseThrow();
  }
}

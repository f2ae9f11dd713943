package io.flannel.operator.flannel.foreign;

import static io.flannel.operator.flannel.OrEmpty.orEmpty;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetStatus;
import io.flannel.operator.api.FlannelNetworkSpec;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.live.AppliedConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A flannel that this operator did not install, read from its DaemonSet and ConfigMap.
 *
 * @param namespace its namespace
 * @param serviceAccount the ServiceAccount of its pods
 * @param spec the part of a FlannelNetwork that would install the same, if there is one
 * @param unsupported settings that no field of a FlannelNetwork expresses; empty if there is a spec
 * @param adoptedBy the FlannelNetwork that is adopting it, according to its {@link AdoptionMark}
 * @param left nodes that the adoption made its DaemonSet leave
 * @param pods how many pods it has
 */
public record ForeignFlannel(
    String namespace,
    String serviceAccount,
    Optional<FlannelNetworkSpec> spec,
    List<String> unsupported,
    Optional<String> adoptedBy,
    Set<String> left,
    PodCounts pods) {

  /** The name of upstream's DaemonSet, in both manifest and chart. */
  public static final String DAEMON_SET = "kube-flannel-ds";

  /** The namespace of upstream's manifest, which is ours, too. */
  private static final String NAMESPACE = "kube-flannel";

  /** The namespace of upstream's older manifests. */
  public static final String SYSTEM_NAMESPACE = "kube-system";

  /** The name of upstream's ConfigMap, in both manifest and chart. */
  public static final String CONFIG_MAP = "kube-flannel-cfg";

  /** The field of a Node by which a DaemonSet's affinity can exclude nodes. */
  public static final String NODE_NAME = "metadata.name";

  private static final int MOST_SETTINGS = 64;
  private static final int SETTING_LENGTH = 256;

  private static final Map<String, String> POD_LABELS = Map.of("app", "flannel");

  /** Keys that upstream sets on its pods, and the one that kubectl sets on a restart. */
  private static final Set<String> KNOWN_POD_META =
      Set.of("app", "tier", "k8s-app", "kubectl.kubernetes.io/restartedAt");

  /**
   * Kubernetes' counts of its pods.
   *
   * @param observed whether they refer to the DaemonSet's current generation
   * @param desired nodes that should run a pod
   * @param scheduled nodes that should run a pod and do
   * @param misscheduled nodes that run a pod and should not
   */
  public record PodCounts(boolean observed, int desired, int scheduled, int misscheduled) {
    static PodCounts of(DaemonSet daemonSet) {
      DaemonSetStatus status =
          Optional.ofNullable(daemonSet.getStatus()).orElseGet(DaemonSetStatus::new);
      Long observed = status.getObservedGeneration();
      return new PodCounts(
          observed != null && observed.equals(daemonSet.getMetadata().getGeneration()),
          Objects.requireNonNullElse(status.getDesiredNumberScheduled(), 0),
          Objects.requireNonNullElse(status.getCurrentNumberScheduled(), 0),
          Objects.requireNonNullElse(status.getNumberMisscheduled(), 0));
    }

    /** Whether it is known that there are no pods, and that none is about to come. */
    boolean none() {
      return observed && desired == 0 && scheduled == 0 && misscheduled == 0;
    }
  }

  /**
   * Reads it.
   *
   * @param configMap {@link #CONFIG_MAP} in the DaemonSet's namespace
   * @param account its pods' ServiceAccount: see {@link #serviceAccount(DaemonSet)}
   */
  public static ForeignFlannel of(
      DaemonSet daemonSet, Optional<ConfigMap> configMap, Optional<ServiceAccount> account) {
    ObjectMeta meta = daemonSet.getMetadata();
    Optional<String> adoptedBy = AdoptionMark.of(meta);
    DaemonSet whole = daemonSet.edit().build();
    Set<String> left = adoptedBy.isPresent() ? takeOutLeft(whole) : Set.of();
    ForeignPods pods = new ForeignPods(whole.getSpec().getTemplate().getSpec(), account);
    List<String> unsupported = new ArrayList<>(labels(whole));
    unsupported.addAll(pods.unsupported());
    Map<String, String> data =
        configMap.map(ConfigMap::getData).filter(it -> it != null).orElse(Map.of());
    String netConf = data.getOrDefault("net-conf.json", "");
    String cniConf = data.getOrDefault("cni-conf.json", "");
    Optional<AppliedConfig> config = AppliedConfig.read(netConf, cniConf);
    if (config.isEmpty()) {
      unsupported.add(
          "ConfigMap %s/%s, which is missing or whose net-conf.json is no JSON object"
              .formatted(meta.getNamespace(), CONFIG_MAP));
    }
    config.ifPresent(it -> unsupported.addAll(ForeignConfig.unsupported(it, netConf, cniConf)));
    Optional<FlannelNetworkSpec> spec =
        unsupported.isEmpty() ? config.flatMap(it -> spec(it, pods)) : Optional.empty();
    spec.flatMap(ForeignFlannel::fault).ifPresent(unsupported::add);
    return new ForeignFlannel(
        meta.getNamespace(),
        serviceAccount(daemonSet),
        unsupported.isEmpty() ? spec : Optional.empty(),
        shortened(unsupported),
        adoptedBy,
        left,
        PodCounts.of(daemonSet));
  }

  /** Limits text that anybody may have written, so that it fits into a status. */
  private static List<String> shortened(List<String> settings) {
    return settings.stream()
        .limit(MOST_SETTINGS)
        .map(
            one ->
                one.length() <= SETTING_LENGTH ? one : one.substring(0, SETTING_LENGTH - 1) + "…")
        .toList();
  }

  /** The name of its pods' ServiceAccount, in the DaemonSet's namespace. */
  public static String serviceAccount(DaemonSet daemonSet) {
    return Optional.ofNullable(daemonSet.getSpec().getTemplate().getSpec().getServiceAccountName())
        .orElse("default");
  }

  /** Whether its DaemonSet has the same name and namespace as ours. */
  public boolean isInUpstreamsNamespace() {
    return namespace.equals(NAMESPACE);
  }

  /** Whether it is in a namespace where only a cluster administrator can create a DaemonSet. */
  public boolean isInAdministratorsNamespace() {
    return isInUpstreamsNamespace() || namespace.equals(SYSTEM_NAMESPACE);
  }

  /** The ServiceAccount of its pods, as a binding names it. */
  public BindingSubject account() {
    return BindingSubject.account(namespace, serviceAccount);
  }

  /** The DaemonSet, as namespace/name. */
  public String daemonSet() {
    return namespace + "/" + DAEMON_SET;
  }

  /** What is wrong with a spec, even though every setting has a field. */
  private static Optional<String> fault(FlannelNetworkSpec spec) {
    try {
      DesiredNetwork.of("found", spec);
      return Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  private static Optional<FlannelNetworkSpec> spec(AppliedConfig config, ForeignPods pods) {
    return config
        .backend()
        .map(
            backend ->
                new FlannelNetworkSpec(
                    config.cidr().map(Cidr::toString).orElse(null),
                    config.ipv6Cidr().map(Cidr::toString).orElse(null),
                    backend.spec(),
                    config.mtu().isPresent() ? config.mtu().getAsInt() : null,
                    pods.iface(),
                    pods.ipMasq(),
                    config.nftables(),
                    pods.cni(config.cniVersion()),
                    pods.flannel(),
                    null,
                    null,
                    null,
                    null));
  }

  private static List<String> labels(DaemonSet daemonSet) {
    List<String> unsupported = new ArrayList<>();
    LabelSelector selector = daemonSet.getSpec().getSelector();
    if (!POD_LABELS.equals(selector.getMatchLabels())
        || !selector.getMatchExpressions().isEmpty()) {
      unsupported.add("selector " + selector.getMatchLabels());
    }
    ObjectMeta meta = daemonSet.getSpec().getTemplate().getMetadata();
    if (meta == null) {
      return unsupported;
    }
    orEmpty(meta.getLabels()).keySet().stream()
        .filter(key -> !KNOWN_POD_META.contains(key))
        .forEach(key -> unsupported.add("label %s of its pods".formatted(key)));
    orEmpty(meta.getAnnotations()).keySet().stream()
        .filter(key -> !KNOWN_POD_META.contains(key))
        .forEach(key -> unsupported.add("annotation %s of its pods".formatted(key)));
    return unsupported;
  }

  /** Removes from the affinity the nodes that an adoption excluded, and returns them. */
  private static Set<String> takeOutLeft(DaemonSet daemonSet) {
    Set<String> left = new TreeSet<>();
    Optional.ofNullable(daemonSet.getSpec().getTemplate().getSpec().getAffinity())
        .flatMap(it -> Optional.ofNullable(it.getNodeAffinity()))
        .flatMap(it -> Optional.ofNullable(it.getRequiredDuringSchedulingIgnoredDuringExecution()))
        .ifPresent(
            required ->
                required
                    .getNodeSelectorTerms()
                    .forEach(
                        term -> {
                          term.getMatchFields().stream()
                              .filter(ForeignFlannel::leavesANodeOut)
                              .forEach(one -> left.addAll(one.getValues()));
                          term.setMatchFields(
                              term.getMatchFields().stream()
                                  .filter(one -> !leavesANodeOut(one))
                                  .toList());
                        }));
    return left;
  }

  private static boolean leavesANodeOut(NodeSelectorRequirement one) {
    return NODE_NAME.equals(one.getKey()) && "NotIn".equals(one.getOperator());
  }
}

package io.flannel.operator.flannel.foreign;

import static io.flannel.operator.flannel.OrEmpty.orEmpty;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.Volume;
import io.flannel.operator.api.CniSpec;
import io.flannel.operator.api.FlannelSpec;
import io.flannel.operator.api.FlannelSpec.ImagePullPolicy;
import io.flannel.operator.api.FlannelSpec.TolerationSpec;
import io.flannel.operator.api.InterfaceSpec;
import io.flannel.operator.flannel.FlanneldArgs;
import io.flannel.operator.flannel.Pods;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Translates the pods of a flannel that upstream's manifest or chart made into the fields of a
 * FlannelNetwork. It knows upstream's shape from v0.25 to v0.28 (Documentation/kube-flannel.yml,
 * chart/kube-flannel), and names everything else as unsupported.
 */
final class ForeignPods {
  /**
   * Fields that upstream sets, that the operator sets as well, or that don't matter to flanneld.
   */
  private static final Set<String> POD_FIELDS =
      Set.of(
          "affinity",
          "containers",
          "dnsPolicy",
          "hostNetwork",
          "imagePullSecrets",
          "initContainers",
          "nodeSelector",
          "priorityClassName",
          "restartPolicy",
          "schedulerName",
          "serviceAccount",
          "serviceAccountName",
          "terminationGracePeriodSeconds",
          "tolerations",
          "volumes");

  /** Flags that fields of the spec express, or that the operator sets itself. */
  private static final Set<String> FIELDS_FLAGS =
      Set.of(
          "ip-masq",
          "iface",
          "iface-regex",
          "iface-can-reach",
          "kube-subnet-mgr",
          "healthz-ip",
          "healthz-port",
          "net-config-path",
          "subnet-file",
          "kube-annotation-prefix");

  /** Flags that the operator leaves at flanneld's default. */
  private static final Map<String, String> FIXED_FLAGS =
      Map.of(
          "net-config-path", "/etc/kube-flannel/net-conf.json",
          "subnet-file", "/run/flannel/subnet.env",
          "kube-annotation-prefix", "flannel.alpha.coreos.com");

  private final PodSpec pod;
  private final Optional<ServiceAccount> account;
  private final FlanneldArgs args;
  private final Map<String, String> nodeSelector = new TreeMap<>();
  private final List<String> unsupported = new ArrayList<>();

  /**
   * Reads the pods.
   *
   * @param account their ServiceAccount, if it is known
   */
  ForeignPods(PodSpec pod, Optional<ServiceAccount> account) {
    this.pod = pod;
    this.account = account;
    podFields();
    this.args = flanneld();
    initContainers();
    volumes();
    nodeSelector.putAll(orEmpty(pod.getNodeSelector()));
    unsupported.addAll(ForeignAffinity.read(pod.getAffinity(), nodeSelector));
  }

  List<String> unsupported() {
    return List.copyOf(unsupported);
  }

  boolean ipMasq() {
    return args.isOn("ip-masq");
  }

  @Nullable InterfaceSpec iface() {
    return List.of("iface", "iface-regex", "iface-can-reach").stream()
            .noneMatch(args.values()::containsKey)
        ? null
        : new InterfaceSpec(
            args.value("iface").orElse(null),
            args.value("iface-regex").orElse(null),
            args.value("iface-can-reach").orElse(null));
  }

  CniSpec cni(String version) {
    return new CniSpec(version, hostPath("cni-plugin"), hostPath("cni"));
  }

  FlannelSpec flannel() {
    Container flanneld = container(ForeignContainer.FLANNELD).orElseGet(Container::new);
    String image = Optional.ofNullable(flanneld.getImage()).orElse("");
    Map<String, String> selector = new LinkedHashMap<>(nodeSelector);
    selector.remove("kubernetes.io/os", "linux");
    List<String> extraArgs = args.without(FIELDS_FLAGS);
    List<FlannelSpec.PullSecret> secrets =
        pullSecrets().stream()
            .map(LocalObjectReference::getName)
            // Kubernetes allows a reference without a name and ignores it.
            .filter(name -> name != null && !name.isEmpty())
            .distinct()
            .map(FlannelSpec.PullSecret::new)
            .toList();
    return new FlannelSpec(
        image,
        container(ForeignContainer.INSTALL_PLUGIN).map(Container::getImage).orElse(""),
        pullPolicy(image, flanneld.getImagePullPolicy()),
        secrets.isEmpty() ? null : secrets,
        resources(flanneld),
        pod.getTolerations().stream().map(ForeignPods::toleration).toList(),
        selector.isEmpty() ? null : selector,
        extraArgs.isEmpty() ? null : extraArgs);
  }

  private void podFields() {
    unsupported.addAll(ForeignContainer.unknown("pod template", pod, POD_FIELDS));
    if (!Boolean.TRUE.equals(pod.getHostNetwork())) {
      unsupported.add("pod template: without hostNetwork");
    }
    // Pods of a lower priority would be evicted in favor of ours, on all nodes at once.
    if (!"system-node-critical".equals(pod.getPriorityClassName())) {
      unsupported.add("pod template: priorityClassName " + pod.getPriorityClassName());
    }
    if (pod.getSchedulerName() != null && !pod.getSchedulerName().equals("default-scheduler")) {
      unsupported.add("pod template: schedulerName " + pod.getSchedulerName());
    }
    for (Toleration one : pod.getTolerations()) {
      if (one.getOperator() != null && !Set.of("Equal", "Exists").contains(one.getOperator())) {
        unsupported.add("toleration with operator " + one.getOperator());
      }
    }
    pod.getContainers().stream()
        .filter(one -> !one.getName().equals(ForeignContainer.FLANNELD))
        .forEach(one -> unsupported.add("container " + one.getName()));
  }

  private FlanneldArgs flanneld() {
    Optional<Container> found = container(ForeignContainer.FLANNELD);
    if (found.isEmpty()) {
      unsupported.add("without container " + ForeignContainer.FLANNELD);
      return FlanneldArgs.parse(List.of());
    }
    unsupported.addAll(ForeignContainer.flanneld(found.get()));
    FlanneldArgs parsed =
        FlanneldArgs.parse(ForeignContainer.commandLine(found.get()).stream().skip(1).toList());
    flags(parsed);
    return parsed;
  }

  private void initContainers() {
    pod.getInitContainers().forEach(init -> unsupported.addAll(ForeignContainer.init(init)));
    for (String name : List.of(ForeignContainer.INSTALL_PLUGIN, ForeignContainer.INSTALL_CONF)) {
      if (container(name).isEmpty()) {
        unsupported.add("without init container " + name);
      }
    }
  }

  private void flags(FlanneldArgs parsed) {
    if (!parsed.rest().isEmpty()) {
      unsupported.add("argument " + String.join(" ", parsed.rest()));
    }
    if (!parsed.isOn("kube-subnet-mgr")) {
      unsupported.add("flanneld without --kube-subnet-mgr");
    }
    FIXED_FLAGS.forEach(
        (flag, value) ->
            parsed
                .value(flag)
                .filter(set -> !set.equals(value))
                .ifPresent(set -> unsupported.add("argument --%s=%s".formatted(flag, set))));
    List<String> choices = new ArrayList<>();
    for (String flag : List.of("iface", "iface-regex", "iface-can-reach")) {
      parsed.all(flag).forEach(value -> choices.add("--%s=%s".formatted(flag, value)));
    }
    if (choices.size() > 1) {
      unsupported.add("several interfaces to choose from: " + String.join(" ", choices));
    }
  }

  private void volumes() {
    for (Volume volume : pod.getVolumes()) {
      boolean known =
          switch (volume.getName()) {
            case "run", "xtables-lock" ->
                Objects.equals(
                    ForeignContainer.MOUNTS.get(volume.getName()), hostPath(volume.getName()));
            case "cni", "cni-plugin" -> volume.getHostPath() != null;
            case "flannel-cfg" ->
                volume.getConfigMap() != null
                    && ForeignFlannel.CONFIG_MAP.equals(volume.getConfigMap().getName())
                    && volume.getConfigMap().getItems().isEmpty();
            default -> false;
          };
      if (!known) {
        unsupported.add("volume " + volume.getName());
      }
    }
  }

  private @Nullable String hostPath(String name) {
    return pod.getVolumes().stream()
        .filter(volume -> volume.getName().equals(name) && volume.getHostPath() != null)
        .map(volume -> volume.getHostPath().getPath())
        .findFirst()
        .orElse(null);
  }

  /**
   * A pod without pull secrets gets those of its ServiceAccount (Kubernetes' admission of
   * ServiceAccounts).
   */
  private List<LocalObjectReference> pullSecrets() {
    return pod.getImagePullSecrets().isEmpty()
        ? account.map(ServiceAccount::getImagePullSecrets).orElse(List.of())
        : pod.getImagePullSecrets();
  }

  private Optional<Container> container(String name) {
    return Arrays.asList(pod.getInitContainers(), pod.getContainers()).stream()
        .flatMap(List::stream)
        .filter(container -> container.getName().equals(name))
        .findFirst();
  }

  /** Null if it is Kubernetes' default for the image's tag. */
  private static @Nullable ImagePullPolicy pullPolicy(String image, @Nullable String policy) {
    if (policy == null || policy.equals(Pods.defaultPullPolicy(image))) {
      return null;
    }
    return switch (policy) {
      case "Always" -> ImagePullPolicy.ALWAYS;
      case "Never" -> ImagePullPolicy.NEVER;
      default -> ImagePullPolicy.IF_NOT_PRESENT;
    };
  }

  /** Missing requests would be defaulted, so none are an empty map. */
  private static FlannelSpec.Resources resources(Container flanneld) {
    var found = Optional.ofNullable(flanneld.getResources());
    Map<String, Quantity> limits = found.map(it -> orEmpty(it.getLimits())).orElse(Map.of());
    return new FlannelSpec.Resources(
        limits.isEmpty() ? null : limits,
        found.map(it -> orEmpty(it.getRequests())).orElse(Map.of()));
  }

  private static TolerationSpec toleration(Toleration one) {
    return new TolerationSpec(
        one.getKey(),
        "Exists".equals(one.getOperator())
            ? TolerationSpec.Operator.EXISTS
            : TolerationSpec.Operator.EQUAL,
        one.getValue(),
        one.getEffect() == null || one.getEffect().isEmpty()
            ? null
            : switch (one.getEffect()) {
              case "NoSchedule" -> TolerationSpec.Effect.NO_SCHEDULE;
              case "PreferNoSchedule" -> TolerationSpec.Effect.PREFER_NO_SCHEDULE;
              default -> TolerationSpec.Effect.NO_EXECUTE;
            },
        one.getTolerationSeconds());
  }
}

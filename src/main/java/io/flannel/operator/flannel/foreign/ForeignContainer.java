package io.flannel.operator.flannel.foreign;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Names each setting of upstream's containers that a FlannelNetwork can't express. */
final class ForeignContainer {
  /** flanneld's container. */
  static final String FLANNELD = "kube-flannel";

  /** The init container that puts the CNI plugin on the node. */
  static final String INSTALL_PLUGIN = "install-cni-plugin";

  /** The init container that puts the CNI configuration on the node. */
  static final String INSTALL_CONF = "install-cni";

  /** Mount path of each volume, by the volume's name. */
  static final Map<String, String> MOUNTS =
      Map.of(
          "run", "/run/flannel",
          "flannel-cfg", "/etc/kube-flannel",
          "xtables-lock", "/run/xtables.lock",
          "cni-plugin", "/opt/cni/bin",
          "cni", "/etc/cni/net.d");

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String CONF = "/etc/kube-flannel/cni-conf.json";
  private static final String CONFLIST = "/etc/cni/net.d/10-flannel.conflist";

  /** Known commands of each init container; {@code cp} up to v0.28.5. */
  private static final Map<String, List<List<String>>> INIT_COMMANDS =
      Map.of(
          INSTALL_PLUGIN,
          List.of(List.of("cp", "-f", "/flannel", "/opt/cni/bin/flannel")),
          INSTALL_CONF,
          List.of(
              List.of("cp", "-f", CONF, CONFLIST),
              List.of("/opt/bin/install-conf", CONF, CONFLIST)));

  private static final Set<String> FIELDS =
      Set.of(
          "args",
          "command",
          "env",
          "image",
          "imagePullPolicy",
          "livenessProbe",
          "name",
          "ports",
          "readinessProbe",
          "resources",
          "securityContext",
          "terminationMessagePath",
          "terminationMessagePolicy",
          "volumeMounts");

  /** Variables that both upstream and the operator set. */
  private static final Map<String, String> ENVIRONMENT =
      Map.of("EVENT_QUEUE_DEPTH", "5000", "CONT_WHEN_CACHE_NOT_READY", "false");

  private final Container container;
  private final String name;
  private final List<String> unsupported;

  private ForeignContainer(Container container, String name) {
    this.container = container;
    this.name = name;
    this.unsupported = new ArrayList<>(unknown(name, container, FIELDS));
    mounts();
  }

  /** Unsupported settings of flanneld's container, except its arguments. */
  static List<String> flanneld(Container container) {
    ForeignContainer found = new ForeignContainer(container, "container " + FLANNELD);
    List<String> line = commandLine(container);
    if (line.isEmpty() || !line.getFirst().equals("/opt/bin/flanneld")) {
      found.unsupported.add("%s: command %s".formatted(found.name, line));
    }
    container.getEnv().forEach(found::environment);
    found.securityContext();
    return found.unsupported;
  }

  /** Unsupported settings of an init container. */
  static List<String> init(Container container) {
    String name = "init container " + container.getName();
    List<List<String>> known = INIT_COMMANDS.get(container.getName());
    if (known == null) {
      return List.of(name);
    }
    ForeignContainer found = new ForeignContainer(container, name);
    if (!known.contains(commandLine(container))) {
      found.unsupported.add("%s: command %s".formatted(name, commandLine(container)));
    }
    container.getEnv().forEach(one -> found.unsupported.add(name + ": env " + one.getName()));
    if (!names(JSON.valueToTree(container.getSecurityContext())).isEmpty()) {
      found.unsupported.add(name + ": securityContext");
    }
    if (!names(JSON.valueToTree(container.getResources())).isEmpty()) {
      found.unsupported.add(name + ": resources");
    }
    return found.unsupported;
  }

  /** Command and arguments together; manifest and chart split them differently. */
  static List<String> commandLine(Container container) {
    return Stream.concat(container.getCommand().stream(), container.getArgs().stream()).toList();
  }

  /** The fields of an object that are set and not known. */
  static List<String> unknown(String where, Object object, Set<String> known) {
    List<String> unknown = new ArrayList<>();
    JsonNode json = JSON.valueToTree(object);
    for (var field : json.properties()) {
      boolean empty = field.getValue().isContainerNode() && field.getValue().isEmpty();
      if (!known.contains(field.getKey()) && !field.getValue().isNull() && !empty) {
        unknown.add("%s: %s %s".formatted(where, field.getKey(), field.getValue()));
      }
    }
    return unknown;
  }

  private void mounts() {
    container.getVolumeMounts().stream()
        .filter(
            mount ->
                mount.getSubPath() != null
                    || !mount
                        .getMountPath()
                        .replaceFirst("/$", "")
                        .equals(MOUNTS.get(mount.getName())))
        .forEach(
            mount ->
                unsupported.add(
                    "%s: volume %s at %s".formatted(name, mount.getName(), mount.getMountPath())));
  }

  private void environment(EnvVar variable) {
    boolean own =
        variable.getValueFrom() != null
            && variable.getValueFrom().getFieldRef() != null
            && Set.of("POD_NAME", "POD_NAMESPACE").contains(variable.getName());
    String expected = ENVIRONMENT.get(variable.getName());
    if (!own && (expected == null || !expected.equals(variable.getValue()))) {
      unsupported.add(
          "environment variable %s%s"
              .formatted(
                  variable.getName(),
                  variable.getValue() == null ? "" : "=" + variable.getValue()));
    }
  }

  private void securityContext() {
    JsonNode security = JSON.valueToTree(container.getSecurityContext());
    boolean plain =
        !security.path("privileged").asBoolean(false)
            && Set.of("privileged", "capabilities").containsAll(names(security))
            && Set.of("add").containsAll(names(security.path("capabilities")));
    for (JsonNode capability : security.at("/capabilities/add")) {
      plain &= Set.of("NET_ADMIN", "NET_RAW").contains(capability.asText());
    }
    if (!plain) {
      unsupported.add("%s: securityContext %s".formatted(name, security));
    }
  }

  private static Set<String> names(JsonNode object) {
    Set<String> names = new TreeSet<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }
}

package io.flannel.operator.testing.operator;

import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBindingBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.flannel.operator.agent.Agent;
import io.flannel.operator.testing.apiserver.ApiServer;
import io.flannel.operator.testing.process.ChildProcess;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The node agent as a separate process, with a ServiceAccount that may read one FlannelNode and
 * write its status, and with only the jars that it needs.
 */
public final class AgentProcess implements AutoCloseable {
  /** The operator's jars that the agent needs besides its own classes. */
  private static final Pattern JARS =
      Pattern.compile("(jackson-(core|databind|annotations)|HdrHistogram)-[0-9.]+[.]jar$");

  private static final String NAMESPACE = "default";
  private static final long STOP_SECONDS = 10;

  private final Path java;
  private final String node;
  private final Map<String, String> environment;
  private final List<String> options;
  private final String classPath;
  private final Path log;
  private @Nullable ChildProcess process;

  private AgentProcess(
      Path java,
      String node,
      Map<String, String> environment,
      List<String> options,
      String classPath,
      Path log) {
    this.java = java;
    this.node = node;
    this.environment = environment;
    this.options = options;
    this.classPath = classPath;
    this.log = log;
  }

  /**
   * Prepares a node's agent, without starting it. It probes from one loopback address, so that its
   * peers can have others.
   */
  public static AgentProcess of(ApiServer api, String node, String bindAddress) {
    Path directory = api.directory().resolve("agent-" + node);
    admit(api.client(), node);
    URI url = URI.create(api.url());
    try {
      Files.createDirectories(directory);
      Files.writeString(directory.resolve("token"), api.tokenOf(NAMESPACE, account(node)));
      Files.copy(
          api.certificate(), directory.resolve("ca.crt"), StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new AgentProcess(
        Path.of(System.getProperty("java.home"), "bin", "java"),
        node,
        Map.of(
            "NODE_NAME", node,
            "BIND_ADDRESS", bindAddress,
            "KUBERNETES_SERVICE_HOST", url.getHost(),
            "KUBERNETES_SERVICE_PORT", Integer.toString(url.getPort()),
            "SERVICE_ACCOUNT_DIR", directory.toString()),
        List.of(),
        ownClassPath(),
        directory.resolve("agent.log"));
  }

  /** Returns a copy with another value of an environment variable. */
  public AgentProcess environment(String name, String value) {
    Map<String, String> more = new TreeMap<>(environment);
    more.put(name, value);
    return new AgentProcess(java, node, more, options, classPath, log);
  }

  /** Returns a copy with these JVM options. */
  public AgentProcess javaOptions(String... more) {
    return new AgentProcess(java, node, environment, List.of(more), classPath, log);
  }

  /** Returns a copy that runs another {@code java}. */
  public AgentProcess java(Path other) {
    return new AgentProcess(other, node, environment, options, classPath, log);
  }

  /** Returns a copy that runs the packaged jars: an AOT cache requires jars, not directories. */
  public AgentProcess packaged() {
    return new AgentProcess(java, node, environment, options, packagedClassPath(), log);
  }

  /** Returns the agent's user, as in the audit log. */
  public String user() {
    return "system:serviceaccount:" + NAMESPACE + ":" + account(node);
  }

  public AgentProcess start() {
    List<String> command = new ArrayList<>(List.of(java.toString()));
    command.addAll(options);
    command.addAll(List.of("-cp", classPath, Agent.class.getName()));
    process = ChildProcess.start("agent of " + node, command, environment, log);
    return this;
  }

  /** Returns the agent's own classes, a directory or a jar, and the jars that it needs. */
  private static String ownClassPath() {
    String own = Agent.class.getProtectionDomain().getCodeSource().getLocation().getPath();
    return Stream.concat(
            Stream.of(own),
            Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> JARS.matcher(Path.of(entry).getFileName().toString()).matches()))
        .collect(Collectors.joining(File.pathSeparator));
  }

  private static String packagedClassPath() {
    Path app = OperatorProcess.PACKAGED.resolveSibling("app");
    Path lib = OperatorProcess.PACKAGED.resolveSibling("lib/main");
    try (var own = Files.list(app);
        var others = Files.list(lib)) {
      return Stream.concat(
              own, others.filter(jar -> JARS.matcher(jar.getFileName().toString()).find()))
          .map(jar -> jar.toAbsolutePath().toString())
          .sorted()
          .collect(Collectors.joining(File.pathSeparator));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public long pid() {
    return process().pid();
  }

  public boolean isAlive() {
    return process().isAlive();
  }

  /** Returns the lines of its log so far. */
  public List<String> log() {
    try {
      return Files.exists(log) ? Files.readAllLines(log) : List.of();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sends SIGTERM and returns the exit code. */
  public int stop() {
    return process().terminate(STOP_SECONDS);
  }

  @Override
  public void close() {
    if (process != null) {
      process.close();
    }
  }

  private ChildProcess process() {
    if (process == null) {
      throw new IllegalStateException("The agent of " + node + " was not started");
    }
    return process;
  }

  private static String account(String node) {
    return "agent-" + node;
  }

  private static void admit(KubernetesClient client, String node) {
    String account = account(node);
    client
        .resource(
            new ServiceAccountBuilder()
                .withNewMetadata()
                .withNamespace(NAMESPACE)
                .withName(account)
                .endMetadata()
                .build())
        .serverSideApply();
    client
        .resource(
            new ClusterRoleBuilder()
                .withNewMetadata()
                .withName(account)
                .endMetadata()
                .addNewRule()
                .withApiGroups("flannel.io")
                .withResources("flannelnodes")
                .withResourceNames(node)
                .withVerbs("get", "watch")
                .endRule()
                .addNewRule()
                .withApiGroups("flannel.io")
                .withResources("flannelnodes/status")
                .withResourceNames(node)
                .withVerbs("patch")
                .endRule()
                .build())
        .serverSideApply();
    client
        .resource(
            new ClusterRoleBindingBuilder()
                .withNewMetadata()
                .withName(account)
                .endMetadata()
                .withNewRoleRef("rbac.authorization.k8s.io", "ClusterRole", account)
                .addNewSubject(null, "ServiceAccount", account, NAMESPACE)
                .build())
        .serverSideApply();
  }
}

package io.flannel.operator.e2e;

import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.flannel.operator.testing.process.ChildProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Flux's kustomize-controller, which follows a Git repository.
 *
 * <p>Its source-controller, which would fetch from Git, can't be built from what the lab has. So
 * each commit is {@linkplain #publish published} as an ExternalArtifact, Flux's way to use sources
 * other than its own (RFC-0012): an archive behind a URL, with its digest in the status.
 *
 * <p>Both the controller and the archives' HTTP server run as processes of this machine in the
 * lab's network, not as pods: the test is about what Flux does with our objects, and a pod would
 * take CPU from a node on which pings are measured. They end with this JVM, however it ends.
 */
final class Flux implements AutoCloseable {
  static final String NAMESPACE = "flux-system";

  /** A port that nothing else in the lab's network uses. */
  private static final int PORT = 8090;

  private static final String SOURCE = "cluster";
  private static final Path SAMPLES = Path.of("docs/gitops/flux");

  private final GitRepository repository;
  private final Path archives;
  private final List<ChildProcess> processes;

  private Flux(GitRepository repository, Path archives, List<ChildProcess> processes) {
    this.repository = repository;
    this.archives = archives;
    this.processes = processes;
  }

  /** Starts Flux without a source or Kustomization. */
  static Flux follow(GitRepository repository) {
    try {
      String crds = Lab.run("bin", "flux-crds").strip();
      Lab.kubectl("apply", "--server-side", "-f", crds);
      Lab.kubectl("wait", "--for=condition=Established", "--timeout=1m", "-f", crds);
      Lab.apply("{apiVersion: v1, kind: Namespace, metadata: {name: %s}}".formatted(NAMESPACE));
      Path archives = Files.createTempDirectory("archives");
      ChildProcess server =
          ChildProcess.start(
              "the archives' HTTP server",
              List.of(
                  "lab/lab",
                  "exec",
                  "python3",
                  "-m",
                  "http.server",
                  String.valueOf(PORT),
                  "--bind=127.0.0.1",
                  "--directory=" + archives),
              Map.of(),
              log("archives"));
      ChildProcess controller =
          ChildProcess.start(
              "kustomize-controller",
              List.of(
                  "lab/lab",
                  "exec",
                  Lab.run("bin", "kustomize-controller").strip(),
                  "--feature-gates=ExternalArtifact=true",
                  "--watch-all-namespaces",
                  // The default is to check every 30 s whether dependencies are ready.
                  "--requeue-dependency=2s",
                  "--metrics-addr=0",
                  "--health-addr=0"),
              Map.of("RUNTIME_NAMESPACE", NAMESPACE),
              log("kustomize-controller"));
      return new Flux(repository, archives, List.of(controller, server));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path log(String name) throws IOException {
    return Files.createDirectories(Path.of("target", "flux")).resolve(name + ".log");
  }

  /**
   * Commits the work tree and publishes the commit to Flux.
   *
   * @return the revision, in Flux's format
   */
  String publish(String message) {
    String commit = repository.commit(message);
    String revision = "main@sha1:" + commit;
    Path archive = archives.resolve(commit + ".tar.gz");
    repository.archive(commit, archive);
    Lab.apply(
        """
        apiVersion: source.toolkit.fluxcd.io/v1
        kind: ExternalArtifact
        metadata: {name: %s, namespace: %s}
        """
            .formatted(SOURCE, NAMESPACE));
    Lab.kubectl(
        "-n",
        NAMESPACE,
        "patch",
        "externalartifact",
        SOURCE,
        "--subresource=status",
        "--type=merge",
        "-p",
        """
        {"status": {"artifact": {
          "url": "http://127.0.0.1:%d/%s",
          "path": "%2$s",
          "revision": "%s",
          "digest": "sha256:%s",
          "lastUpdateTime": "%s"}}}
        """
            .formatted(
                PORT,
                archive.getFileName(),
                revision,
                sha256(archive),
                Instant.now().truncatedTo(ChronoUnit.SECONDS)));
    return revision;
  }

  /** Applies a Kustomization from the docs, with its source replaced by the ExternalArtifact. */
  static void applySample(String name) {
    String sample = sample(name);
    String here = sample.replace("kind: GitRepository", "kind: ExternalArtifact");
    if (here.equals(sample)) {
      throw new AssertionError(name + " has no GitRepository for its source");
    }
    Lab.apply(here);
  }

  static String sample(String name) {
    try {
      return Files.readString(SAMPLES.resolve(name + ".yaml"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static JsonNode kustomization(String name) {
    return Lab.get("-n", NAMESPACE, "kustomizations.kustomize.toolkit.fluxcd.io", name);
  }

  /** Whether a Kustomization is Ready at this revision. */
  static boolean isGreen(JsonNode kustomization, String revision) {
    JsonNode ready = Network.condition(kustomization, "Ready");
    return ready.path("status").asText().equals("True")
        && kustomization.at("/status/lastAppliedRevision").asText().equals(revision)
        && kustomization.at("/status/observedGeneration").asLong()
            == kustomization.at("/metadata/generation").asLong();
  }

  void awaitGreen(String name, String revision) {
    await(name + " to be Ready of " + revision)
        .atMost(10, MINUTES)
        .pollInterval(1, SECONDS)
        .until(
            () -> {
              processes.forEach(ChildProcess::mustBeAlive);
              return isGreen(kustomization(name), revision);
            });
  }

  /**
   * Waits until a Kustomization has tried this revision and failed.
   *
   * @return its Ready condition
   */
  JsonNode awaitRed(String name, String revision, String reason) {
    await("%s to fail of %s by %s".formatted(name, revision, reason))
        .atMost(5, MINUTES)
        .pollInterval(1, SECONDS)
        .until(
            () -> {
              processes.forEach(ChildProcess::mustBeAlive);
              JsonNode now = kustomization(name);
              JsonNode ready = Network.condition(now, "Ready");
              return now.at("/status/lastAttemptedRevision").asText().equals(revision)
                  && ready.path("status").asText().equals("False")
                  && ready.path("reason").asText().equals(reason);
            });
    return Network.condition(kustomization(name), "Ready");
  }

  /** Reconciles now, like {@code flux reconcile kustomization}. */
  void reconcile(String name) {
    String when = UUID.randomUUID().toString();
    Lab.kubectl(
        "-n",
        NAMESPACE,
        "annotate",
        "kustomizations.kustomize.toolkit.fluxcd.io",
        name,
        "--overwrite",
        "reconcile.fluxcd.io/requestedAt=" + when);
    await(name + " to be reconciled")
        .atMost(5, MINUTES)
        .pollInterval(1, SECONDS)
        .until(
            () ->
                kustomization(name).at("/status/lastHandledReconcileAt").asText().equals(when)
                    && !Network.condition(kustomization(name), "Reconciling")
                        .path("status")
                        .asText()
                        .equals("True"));
  }

  /**
   * Deletes a Kustomization, which also prunes what it applied, unless pruning is disabled there.
   */
  static void delete(String name) {
    Lab.kubectl(
        "-n",
        NAMESPACE,
        "delete",
        "kustomizations.kustomize.toolkit.fluxcd.io",
        name,
        "--ignore-not-found",
        "--timeout=5m");
  }

  /** Removes Flux; what it applied stays. */
  @Override
  public void close() {
    processes.forEach(ChildProcess::close);
    Lab.kubectl(
        "delete", "--ignore-not-found", "--timeout=2m", "-f", Lab.run("bin", "flux-crds").strip());
    Lab.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=2m");
  }

  private static String sha256(Path file) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
      return HexFormat.of().formatHex(digest);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}

package io.flannel.operator.api;

import static java.util.concurrent.TimeUnit.SECONDS;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceValidation;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.FieldValidateable;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.testing.apiserver.ApiServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * How the API server judges the manifests in {@code src/test/resources/manifests}, with kubectl's
 * strict field validation.
 *
 * <ul>
 *   <li>{@code valid-*.yaml} are accepted. {@code # default: PATH = VALUE} at the top names what
 *       the schema adds.
 *   <li>{@code invalid-*.yaml} are rejected. {@code # refused: FIELD: MESSAGE} at the top, once for
 *       each cause, is what the administrator is told. An unlisted cause fails the test.
 * </ul>
 */
class SchemaIT {
  private static final Path MANIFESTS = Path.of("src/test/resources/manifests");

  @RegisterExtension static final ApiServer api = new ApiServer();

  @BeforeAll
  static void installCrds() {
    api.installCrds();
  }

  static Stream<Path> valid() throws IOException {
    return manifests("valid-");
  }

  static Stream<Path> samples() throws IOException {
    try (var files = Files.list(Path.of("docs/samples"))) {
      return files.filter(file -> !file.endsWith("two-pods.yaml")).toList().stream();
    }
  }

  static Stream<Path> invalid() throws IOException {
    return manifests("invalid-");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("valid")
  void isAcceptedWithItsDefaults(Path manifest) throws IOException {
    GenericKubernetesResource accepted = create(manifest);

    JsonNode object = Serialization.jsonMapper().valueToTree(accepted);
    for (String line : header(manifest, "default")) {
      String[] pathAndValue = line.split(" = ", 2);
      assertThat(object.at("/" + pathAndValue[0].replace('.', '/')).asText())
          .as(pathAndValue[0])
          .isEqualTo(pathAndValue[1]);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("samples")
  void theDocsSamplesAreAccepted(Path sample) throws IOException {
    assertThat(create(sample).getKind()).isEqualTo("FlannelNetwork");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("invalid")
  void isRefusedWithTheMessageThatItNames(Path manifest) throws IOException {
    var expected = header(manifest, "refused");
    assertThat(expected).as("`# refused: FIELD: MESSAGE` at the top of %s", manifest).isNotEmpty();

    var refusal = catchThrowableOfType(KubernetesClientException.class, () -> create(manifest));

    assertThat(refusal).as("%s was accepted", manifest.getFileName()).isNotNull();
    assertThat(causes(refusal.getStatus()))
        .as("%s: %s", manifest.getFileName(), refusal.getStatus().getMessage())
        .hasSize(expected.size())
        .allSatisfy(cause -> assertThat(expected).anyMatch(line -> says(cause, line)));
    assertThat(expected)
        .allSatisfy(
            line -> assertThat(causes(refusal.getStatus())).anyMatch(cause -> says(cause, line)));
  }

  @Test
  void aStatusWriterChangesOnlyTheConditionsThatItNames() throws IOException {
    var networks = api.client().resources(FlannelNetwork.class);
    var network = new FlannelNetwork();
    network.getMetadata().setName("merged");
    network.setSpec(
        Serialization.unmarshal(
            """
            cidr: 10.244.0.0/16
            backend: {type: ipip}
            """,
            FlannelNetworkSpec.class));
    api.client().resource(network).create();

    applyStatus("operator", "Ready", "True", "A");
    applyStatus("other", "Accepted", "True", "B");
    applyStatus("operator", "Ready", "False", "C");

    assertThat(networks.withName("merged").get().getStatus().conditions())
        .extracting(c -> c.type() + " " + c.reason())
        .containsExactlyInAnyOrder("Ready C", "Accepted B");
    networks.withName("merged").delete();
  }

  @Test
  void kubectlApplySaysWhatIsWrongWhereAndWhatToDo() {
    String manifest = MANIFESTS.resolve("invalid-ipip-ipv6.yaml").toString();
    assertThat(api.kubectl("apply", "-f", manifest))
        .contains("spec.ipv6CIDR")
        .contains("flannel's ipip carries IPv4 only: remove ipv6CIDR");
  }

  @Test
  void kubectlExplainsTheFields() {
    assertThat(api.kubectl("explain", "fnet.spec.backend"))
        .contains("type\t<string> -required-")
        .contains("enum: host-gw, ipip, vxlan, wireguard")
        .contains("IPv4 in IPv4 (protocol 4)");
    assertThat(api.kubectl("explain", "fnet.spec.backend.vxlan.port")).contains("Default: 8472.");
    assertThat(api.kubectl("explain", "fnet.spec.backend", "--recursive"))
        .contains("directRouting\t<boolean>")
        .contains("pskSecret\t<Object>")
        .contains("keepaliveSeconds\t<integer>");
    assertThat(api.kubectl("explain", "fnode.status.peers")).contains("lossPercent");
  }

  @Test
  void kubectlGetShowsTheColumns() {
    assertThat(api.kubectl("apply", "-f", MANIFESTS.resolve("valid-ipip.yaml").toString()))
        .contains("created");
    assertThat(api.kubectl("get", "fnet").lines().toList())
        .first()
        .asString()
        .containsSubsequence(
            "NAME", "BACKEND", "CIDR", "NODES", "LEASED", "HEALTHY", "MTU", "READY", "AGE");
    assertThat(api.kubectl("get", "flannel")).contains("ipip").contains("10.244.0.0/16");
    api.client().resources(FlannelNetwork.class).withName("default").delete();
  }

  @Test
  void whatASchemaWithoutBoundsLetInCanStillBeWritten() {
    loosen();
    FlannelNode node =
        Serialization.unmarshal(
            """
            apiVersion: flannel.io/v1alpha1
            kind: FlannelNode
            metadata: {name: odd}
            spec:
              network: default
              backend: vxlan
              peers: [{name: B, address: nowhere}]
            """,
            FlannelNode.class);
    var nodes =
        api.client()
            .genericKubernetesResources("flannel.io/v1alpha1", "FlannelNode")
            .withName("odd");
    api.client().resource(node).create();
    nodes
        .subresource("status")
        .patch(
            PatchContext.of(PatchType.JSON),
            """
            [{"op": "add", "path": "/status", "value": {
              "reportedAt": "yesterday", "device": {"name": "a/b", "mtu": 5000000000},
              "findings": [{"reason": "Odd", "message": "a\\u009bb"}],
              "peers": [{"name": "B", "rttP50Micros": 3000000000}]}}]
            """);
    var network = MANIFESTS.resolve("valid-ipip.yaml").toString();
    api.kubectl("apply", "-f", network);
    api.kubectl(
        "patch",
        "fnet",
        "default",
        "--subresource=status",
        "--type=merge",
        "-p",
        "{\"status\": {\"nodes\": [{\"name\": \"n1\", \"since\": \"ever\"},"
            + " {\"name\": \"n2\", \"mtu\": 70000}]}}");
    api.installCrds();

    // The operator can still write the spec, whatever the agent wrote, and the agent the status.
    nodes.patch(
        PatchContext.of(PatchType.JSON),
        """
        [{"op": "add", "path": "/spec", "value": {
          "network": "default", "backend": "vxlan", "peers": [{"name": "b", "address": "192.0.2.1"}]}}]
        """);
    nodes
        .subresource("status")
        .patch(
            PatchContext.of(PatchType.JSON),
            """
            [{"op": "add", "path": "/status", "value": {
              "observedGeneration": 2, "reportedAt": "2026-11-23T10:00:00Z"}}]
            """);
    assertThat(api.kubectl("get", "fnode", "odd", "-o", "jsonpath={.spec.peers} {.status}"))
        .contains(
            "[{\"address\":\"192.0.2.1\",\"name\":\"b\"}]"
                + " {\"observedGeneration\":2,\"reportedAt\":\"2026-11-23T10:00:00Z\"}");
    api.kubectl("patch", "fnet", "default", "--type=merge", "-p", "{\"spec\": {\"mtu\": 1400}}");
    api.kubectl(
        "patch",
        "fnet",
        "default",
        "--subresource=status",
        "--type=merge",
        "-p",
        "{\"status\": {\"nodes\": [{\"name\": \"n1\"}]}}");
    assertThat(api.kubectl("get", "fnet", "default", "-o", "jsonpath={.spec.mtu} {.status.nodes}"))
        .contains("1400 [{\"name\":\"n1\"}]");
    nodes.delete();
    api.client().resources(FlannelNetwork.class).withName("default").delete();
  }

  /** Installs schemas without bounds, with lists merged as in an earlier version. */
  private static void loosen() {
    var crds = api.client().apiextensions().v1().customResourceDefinitions();
    for (var crd : crds.list().getItems()) {
      var schema =
          Serialization.jsonMapper()
              .valueToTree(crd.getSpec().getVersions().getFirst().getSchema());
      loosen(schema);
      crd.getSpec()
          .getVersions()
          .getFirst()
          .setSchema(
              Serialization.jsonMapper().convertValue(schema, CustomResourceValidation.class));
      crd.getMetadata().setManagedFields(null);
      crds.resource(crd).update();
    }
    // The API server takes a moment to use the new schemas.
    await()
        .atMost(30, SECONDS)
        .untilAsserted(
            () ->
                assertThat(
                        api.client()
                            .resource(
                                Serialization.unmarshal(
                                    """
                                    apiVersion: flannel.io/v1alpha1
                                    kind: FlannelNode
                                    metadata: {name: tried}
                                    spec: {network: "A B", backend: vxlan}
                                    """,
                                    FlannelNode.class))
                            .dryRun()
                            .create())
                    .isNotNull());
  }

  private static void loosen(JsonNode node) {
    if (node instanceof ObjectNode object) {
      if (object.path("type").isTextual() || object.has("x-kubernetes-int-or-string")) {
        object.remove(
            List.of(
                "maxLength",
                "minLength",
                "pattern",
                "minimum",
                "maximum",
                "maxItems",
                "maxProperties",
                "x-kubernetes-validations"));
      }
      boolean peers =
          object.path("type").asText().equals("array")
              && object.at("/items/properties/name").isObject()
              && object.path("x-kubernetes-list-type").asText().equals("atomic");
      if (peers) {
        object
            .put("x-kubernetes-list-type", "map")
            .putArray("x-kubernetes-list-map-keys")
            .add("name");
      }
    }
    node.forEach(SchemaIT::loosen);
  }

  private static void applyStatus(String manager, String type, String status, String reason) {
    api.client()
        .genericKubernetesResources("flannel.io/v1alpha1", "FlannelNetwork")
        .withName("merged")
        .subresource("status")
        .patch(
            new PatchContext.Builder()
                .withPatchType(PatchType.SERVER_SIDE_APPLY)
                .withFieldManager(manager)
                .build(),
            """
            apiVersion: flannel.io/v1alpha1
            kind: FlannelNetwork
            metadata:
              name: merged
            status:
              conditions:
              - type: %s
                status: "%s"
                reason: %s
                message: written by a test
                lastTransitionTime: "2026-01-01T00:00:00Z"
            """
                .formatted(type, status, reason));
  }

  private static GenericKubernetesResource create(Path manifest) throws IOException {
    var object =
        Serialization.unmarshal(Files.readString(manifest), GenericKubernetesResource.class);
    return api.client()
        .genericKubernetesResources(object.getApiVersion(), object.getKind())
        .resource(object)
        .dryRun(true)
        .fieldValidation(FieldValidateable.Validation.STRICT)
        .create();
  }

  /**
   * Returns each cause as {@code FIELD: MESSAGE}, or just the message if the server could not
   * decode the object. Leaves out the server's note that it checks rules only on well-formed
   * values.
   */
  private static List<String> causes(Status status) {
    if (status.getDetails() == null || status.getDetails().getCauses().isEmpty()) {
      return List.of(status.getMessage());
    }
    return status.getDetails().getCauses().stream()
        .filter(cause -> !cause.getMessage().contains("some validation rules were not checked"))
        .map(cause -> cause.getField() + ": " + cause.getMessage())
        .toList();
  }

  private static boolean says(String cause, String line) {
    int colon = line.indexOf(": ");
    return cause.contains(line)
        || (cause.startsWith(line.substring(0, colon + 2))
            && cause.contains(line.substring(colon + 2)));
  }

  private static List<String> header(Path manifest, String word) throws IOException {
    String start = "# " + word + ": ";
    return Files.readAllLines(manifest).stream()
        .takeWhile(line -> line.startsWith("#"))
        .filter(line -> line.startsWith(start))
        .map(line -> line.substring(start.length()))
        .toList();
  }

  private static Stream<Path> manifests(String prefix) throws IOException {
    try (var files = Files.list(MANIFESTS)) {
      List<Path> found =
          files.filter(f -> f.getFileName().toString().startsWith(prefix)).sorted().toList();
      assertThat(found.stream().map(Path::toString).collect(joining(" "))).isNotEmpty();
      return found.stream();
    }
  }
}

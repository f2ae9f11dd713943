package io.flannel.operator.observe;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.DefaultKubernetesResourceList;
import io.fabric8.kubernetes.api.model.WatchEvent;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.api.FlannelNetworkSpec.DeletionPolicy;
import io.flannel.operator.api.FlannelNode;
import io.flannel.operator.flannel.DesiredNetwork;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How the Kubernetes client decodes objects that our schemas would not accept. */
public class LenientDecodingTest {
  private static final KubernetesSerialization CLIENTS = clients();

  /** Returns the client's serialization as Quarkus sets it up. */
  public static KubernetesSerialization clients() {
    ObjectMapper mapper = new ObjectMapper();
    new LenientDecoding().customize(mapper);
    KubernetesSerialization serialization = new KubernetesSerialization(mapper, false);
    Stream.of(FlannelNetwork.class, FlannelNode.class)
        .forEach(serialization::registerKubernetesResource);
    return serialization;
  }

  private static String node(String status) {
    return """
    {"apiVersion":"flannel.io/v1alpha1","kind":"FlannelNode",
     "metadata":{"name":"node1","uid":"u1","resourceVersion":"7","generation":3,
                 "creationTimestamp":"2026-11-30T10:00:00Z"},
     "spec":{"network":"default","backend":"ipip",
             "peers":[{"name":"node2","address":"192.168.0.82"}]},
     "status":%s}
    """
        .formatted(status);
  }

  private static String network(String spec, String status) {
    return """
    {"apiVersion":"flannel.io/v1alpha1","kind":"FlannelNetwork",
     "metadata":{"name":"default","uid":"u1","resourceVersion":"7","generation":3,
                 "creationTimestamp":"2026-11-30T10:00:00Z"},
     "spec":%s,"status":%s}
    """
        .formatted(spec, status);
  }

  private static FlannelNode readNode(String status) {
    return CLIENTS.unmarshal(node(status), FlannelNode.class);
  }

  private static FlannelNetwork readNetwork(String spec, String status) {
    return CLIENTS.unmarshal(network(spec, status), FlannelNetwork.class);
  }

  private static Optional<String> unread(FlannelNode node) {
    return Unread.of(node).in("status");
  }

  @Test
  void wellFormedObjectIsReadWhole() {
    FlannelNode node =
        readNode(
            """
            {"observedGeneration":3,"reportedAt":"2026-11-30T10:00:05Z",
             "device":{"name":"flannel.ipip","up":true,"mtu":1480},
             "peers":[{"name":"node2","rttP50Micros":300,"rttP99Micros":900}],
             "whatANewerAgentSays":{"a":[1,2]}}
            """);
    assertThat(Unread.of(node)).isEqualTo(Unread.NOTHING);
    assertThat(node.getStatus().device().mtu()).isEqualTo(1480);
    assertThat(node.getSpec().backend()).isEqualTo(BackendType.IPIP);
    assertThat(node.getMetadata().getGeneration()).isEqualTo(3);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "{\"device\":{\"name\":\"d\",\"mtu\":5000000000}} | status.device.mtu is 5000000000, where"
            + " a whole number of 32 bits belongs",
        "{\"peers\":[{\"name\":\"a\"},{\"name\":\"b\",\"rttP99Micros\":3000000000}]} |"
            + " status.peers[1].rttP99Micros is 3000000000, where a whole number of 32 bits"
            + " belongs",
        "{\"observedGeneration\":1e30} | status.observedGeneration is 1.0E30, where a whole number"
            + " of 64 bits belongs",
        "{\"peers\":[{\"name\":\"a\",\"lossPercent\":1.5}]} | status.peers[0].lossPercent is 1.5,"
            + " where a whole number of 32 bits belongs",
        "{\"device\":\"NaN\"} | status.device is 'NaN', where an object belongs",
        "{\"peers\":{\"name\":\"a\"}} | status.peers is an object, where a list belongs",
        "{\"peers\":[null]} | status.peers[0] is null, where an object belongs",
        "{\"findings\":[{\"message\":\"m\"}]} | status.findings[0].reason is missing, where a text"
            + " belongs",
        "{\"stopping\":\"maybe\"} | status.stopping is 'maybe', where true or false belongs",
        "[] | status is a list, where an object belongs",
        "7 | status is 7, where an object belongs",
      })
  void oneFieldOfAReportMakesAllOfItUnreadAndIsNamed(String status, String why) {
    FlannelNode node = readNode(status.strip());
    assertThat(node.getStatus()).isNull();
    assertThat(unread(node)).contains(why);
    assertThat(node.getSpec()).isNotNull();
    assertThat(node.getMetadata().getName()).isEqualTo("node1");
  }

  @Test
  void theOthersOfAListAreRead() {
    String list =
        """
        {"apiVersion":"flannel.io/v1alpha1","kind":"FlannelNodeList","metadata":{},
         "items":[%s,%s,"nothing",7]}
        """
            .formatted(
                node("{\"device\":{\"name\":\"d\",\"mtu\":5000000000}}"),
                node("{\"device\":{\"name\":\"d\",\"mtu\":1480}}"));
    DefaultKubernetesResourceList<FlannelNode> read =
        CLIENTS.unmarshal(list, FlannelNodeItems.class);
    assertThat(read.getItems()).hasSize(4);
    assertThat(read.getItems().get(0).getStatus()).isNull();
    assertThat(read.getItems().get(1).getStatus().device().mtu()).isEqualTo(1480);
    assertThat(read.getItems().get(2).getMetadata()).isNotNull();
  }

  /** The type that the client uses for the response to a list. */
  static final class FlannelNodeItems extends DefaultKubernetesResourceList<FlannelNode> {
    private static final long serialVersionUID = 1;
  }

  @Test
  void anEventOfAWatchIsRead() {
    WatchEvent event =
        CLIENTS.unmarshal(
            "{\"type\":\"MODIFIED\",\"object\":%s}"
                .formatted(node("{\"device\":{\"name\":\"d\",\"mtu\":5000000000}}")),
            WatchEvent.class);
    assertThat(event.getObject()).isInstanceOf(FlannelNode.class);
    assertThat(unread((FlannelNode) event.getObject())).isPresent();
    WatchEvent bookmark =
        CLIENTS.unmarshal(
            """
            {"type":"BOOKMARK","object":{"apiVersion":"flannel.io/v1alpha1","kind":"FlannelNode",
             "metadata":{"resourceVersion":"12","creationTimestamp":null},"spec":null}}
            """,
            WatchEvent.class);
    assertThat(((FlannelNode) bookmark.getObject()).getMetadata().getResourceVersion())
        .isEqualTo("12");
  }

  @Test
  void depthAndLengthAreWhatTheApiServerTakes() {
    String deep = "{\"newer\":%s1%s}".formatted("[".repeat(9_000), "]".repeat(9_000));
    assertThat(unread(readNode(deep))).isEmpty();
    assertThat(
            unread(readNode("{\"device\":%s1%s}".formatted("[".repeat(9_000), "]".repeat(9_000)))))
        .contains("status.device is a list, where an object belongs");
    assertThat(unread(readNode("{\"%s\":1}".formatted("n".repeat(200_000))))).isEmpty();
    FlannelNode named =
        readNode("{\"agentVersion\":\"1\",\"agentVersion\":\"2\",\"reportedAt\":\"\"}");
    assertThat(named.getStatus().agentVersion()).isEqualTo("2");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"network\":7}",
        "{\"network\":\"default\",\"backend\":\"newer-backend\",\"mtu\":1480}",
        "{\"network\":\"default\",\"backend\":\"ipip\",\"peers\":[null]}",
        "{\"network\":\"default\",\"backend\":\"ipip\",\"peers\":[{\"name\":null,\"address\":\"a\"}]}",
        "\"nothing\"",
        "[{}]"
      })
  void aSpecOfANodeThatIsOfAnotherSchemaIsNamed(String spec) {
    String json = node("null").replaceAll("(?s)\"spec\":.*?]},", "\"spec\":%s,".formatted(spec));
    FlannelNode node = CLIENTS.unmarshal(json, FlannelNode.class);
    assertThat(Unread.of(node).in("spec")).as(json).isPresent();
  }

  @Test
  void networksSpecIsReadAsFarAsItCanBe() {
    FlannelNetwork network =
        readNetwork(
            """
            {"cidr":"10.244.0.0/16","backend":{"type":"geneve"},"mtu":99999999999,
             "deletionPolicy":"Cleanup","flannel":{"extraArgs":[null]}}
            """,
            "null");
    assertThat(network.getSpec().cidr()).isEqualTo("10.244.0.0/16");
    assertThat(network.getSpec().deletionPolicy()).isEqualTo(DeletionPolicy.CLEANUP);
    assertThat(network.getSpec().mtu()).isNull();
    assertThat(Unread.of(network).why())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "spec.backend.type",
                "spec.backend.type is 'geneve', where one of vxlan, ipip, host-gw, wireguard"
                    + " belongs",
                "spec.mtu",
                "spec.mtu is 99999999999, where a whole number of 32 bits belongs",
                "spec.flannel.extraArgs[0]",
                "spec.flannel.extraArgs[0] is null, where a text belongs"));
  }

  @Test
  void networksStatusIsReadAsFarAsItCanBe() {
    FlannelNetwork network =
        readNetwork(
            "{\"cidr\":\"10.244.0.0/16\",\"backend\":{\"type\":\"ipip\"}}",
            """
            {"observedGeneration":2,"rollout":"gone","problems":[null],
             "conditions":[{"type":"Ready","status":"Maybe"}],"nodesOmitted":3}
            """);
    assertThat(network.getStatus().observedGeneration()).isEqualTo(2);
    assertThat(network.getStatus().nodesOmitted()).isEqualTo(3);
    assertThat(network.getStatus().rollout()).isNull();
    assertThat(network.getStatus().conditions()).isNull();
    assertThat(Unread.of(network).in("status.rollout")).isPresent();
    assertThat(Unread.of(network).in("status.conditions")).isPresent();
    assertThat(Unread.of(network).in("spec")).isEmpty();
    DesiredNetwork wanted = NetworkSpec.wanted(network);
    assertThat(wanted.cidr()).isPresent();
  }

  /** The framework passes the reconciler a copy that it makes through JSON. */
  @Test
  void aCopyKnowsWhatCouldNotBeRead() {
    FlannelNetwork network =
        readNetwork("{\"mtu\":\"big\",\"backend\":{\"type\":\"geneve\"}}", "{\"rollout\":7}");
    FlannelNetwork copy = CLIENTS.clone(network);
    assertThat(Unread.of(copy)).isEqualTo(Unread.of(network)).isNotEqualTo(Unread.NOTHING);
  }

  @Test
  void metadataHaveNoNulls() {
    FlannelNode node =
        CLIENTS.unmarshal(
            """
            {"apiVersion":"flannel.io/v1alpha1","kind":"FlannelNode",
             "metadata":{"name":"node1","labels":null,"annotations":{"a":null,"b":"c"},
                         "ownerReferences":[null],"managedFields":null,"finalizers":[null,"f"]}}
            """,
            FlannelNode.class);
    assertThat(node.getMetadata().getLabels()).isEmpty();
    assertThat(node.getMetadata().getAnnotations()).containsOnlyKeys("b");
    assertThat(node.getMetadata().getOwnerReferences()).isEmpty();
    assertThat(node.getMetadata().getManagedFields()).isEmpty();
    assertThat(node.getMetadata().getFinalizers()).containsExactly("f");
    FlannelNode odd =
        CLIENTS.unmarshal(
            """
            {"apiVersion":"flannel.io/v1alpha1","kind":"FlannelNode",
             "metadata":{"name":"node1","uid":"u","labels":["a"],"generation":"x"}}
            """,
            FlannelNode.class);
    assertThat(odd.getMetadata().getName()).isEqualTo("node1");
    assertThat(odd.getMetadata().getUid()).isEqualTo("u");
  }

  @Test
  void ourOwnAreWrittenAndReadAsTheyWere() {
    FlannelNode node = readNode("{\"observedGeneration\":3,\"agentVersion\":\"1\"}");
    assertThat(CLIENTS.unmarshal(CLIENTS.asJson(node), FlannelNode.class)).isEqualTo(node);
  }
}

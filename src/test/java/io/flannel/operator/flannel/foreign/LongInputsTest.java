package io.flannel.operator.flannel.foreign;

import static io.flannel.operator.flannel.Nodes.node;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import io.fabric8.kubernetes.api.model.rbac.SubjectBuilder;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.FlannelVersion;
import io.flannel.operator.flannel.FlanneldArgs;
import io.flannel.operator.flannel.Lease;
import io.flannel.operator.flannel.Pods;
import io.flannel.operator.flannel.PrintableText;
import io.flannel.operator.flannel.Times;
import io.flannel.operator.flannel.live.AppliedConfig;
import io.flannel.operator.flannel.live.RolloutAnnotations;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Text that anybody may write into an object is read whatever its length: without a stack overflow,
 * and in linear time. A quadratic algorithm would not finish.
 */
class LongInputsTest {
  private static final int LENGTH = 1_000_000;

  static Stream<String> parts() {
    return Stream.of(
        "-arm", "@", ":", "/", "\\", "-", ".", "=", ",", " ", ";", "|", "&", "\n", "0", "a", "0:",
        "a.", "a/", "1h", "sh ", "exec ", "--v=1 ", "A=b ", "\"'", "ab:cd:", "0.0.");
  }

  @ParameterizedTest
  @MethodSource("parts")
  void longInputsAreRead(String part) {
    String text = part.repeat(LENGTH / part.length());
    for (String one : List.of("flannel" + text, text + "\nx", text + "!", "flanneld " + text)) {
      assertThatCode(() -> readAll(one)).doesNotThrowAnyException();
    }
  }

  private static void readAll(String text) {
    Flanneld.isImage(text);
    Flanneld.isRunBy(container("example.org/other:1", List.of(text)));
    Flanneld.isRunBy(container("flannel", List.of("/bin/sh", "-c", text)));
    Flanneld.isRunBy(container("flannel", List.of(text.split(" ", -1))));
    OtherDaemonSet.of(daemonSet(container(text, List.of("/bin/sh", "-c", text))));
    FlannelVersion.of(text);
    Pods.versionOf(text);
    FlanneldArgs.parse(List.of("--" + text, text)).without(java.util.Set.of());
    BindingSubject.of(subject("User", text));
    BindingSubject.of(subject("User", "system:serviceaccount:" + text));
    BindingSubject.of(subject("ServiceAccount", text));
    Cidr.tryParse(text);
    Cidr.tryParse("10.0.0.0/" + text);
    Cidr.tryAddress(text);
    PrintableText.words(text);
    Times.tryParse(text);
    RolloutAnnotations.read(
        Map.of("flannel.io/ill-before", text, "flannel.io/changed-at", text),
        Map.of(RolloutAnnotations.REVISION, text));
    Lease.of(node("n1").leased(text, text).flannel("backend-data", text).get());
    AppliedConfig.read(text, text);
    found(text);
  }

  private static void found(String text) {
    ForeignFlannel.of(
        daemonSet(container(text, List.of(text))),
        Optional.of(
            new ConfigMapBuilder()
                .withData(
                    Map.of(
                        "net-conf.json",
                        "{\"Network\":\"10.244.0.0/16\"}",
                        "cni-conf.json",
                        "{\"cniVersion\":\"" + text.replaceAll("[\"\\\\\n]", "x") + "\"}"))
                .build()),
        Optional.empty());
  }

  @Test
  void deepConfigurationIsNamedByTheBeginningOfEachPath() {
    int depth = 900;
    String cniConf =
        "{\"name\":\"cbr0\""
            + (",\"" + "k".repeat(900) + "\":{\"a\":1").repeat(depth)
            + "}".repeat(depth)
            + "}";
    String netConf = "{\"Network\":\"10.244.0.0/16\",\"Backend\":{\"Type\":\"vxlan\"}}";
    AppliedConfig config = AppliedConfig.read(netConf, cniConf).orElseThrow();
    assertThat(ForeignConfig.unsupported(config, netConf, cniConf))
        .hasSizeLessThan(100)
        .allSatisfy(setting -> assertThat(setting.length()).isLessThan(1000));
  }

  private static io.fabric8.kubernetes.api.model.rbac.Subject subject(String kind, String name) {
    return new SubjectBuilder().withKind(kind).withNamespace("any").withName(name).build();
  }

  private static Container container(String image, List<String> command) {
    return new ContainerBuilder()
        .withName(ForeignContainer.FLANNELD)
        .withImage(image)
        .withCommand(command)
        .addNewVolumeMount()
        .withName("run")
        .withMountPath(image)
        .endVolumeMount()
        .build();
  }

  private static DaemonSet daemonSet(Container container) {
    return new DaemonSetBuilder()
        .withNewMetadata()
        .withName("any")
        .withNamespace("tenant")
        .endMetadata()
        .withNewSpec()
        .withNewSelector()
        .endSelector()
        .withNewTemplate()
        .withNewSpec()
        .withContainers(container)
        .endSpec()
        .endTemplate()
        .endSpec()
        .build();
  }
}

package io.flannel.operator.apply;

import static io.flannel.operator.decide.Clusters.cluster;
import static io.flannel.operator.flannel.Nodes.node;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import io.fabric8.kubernetes.api.model.PodAffinityTerm;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.flannel.operator.decide.Clusters;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Installs;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.flannel.foreign.ForeignFlannel;
import io.flannel.operator.flannel.live.RolloutAnnotations;
import io.flannel.operator.observe.LiveFlannelReader;
import io.flannel.operator.render.Flannel;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class WantedTemplateTest {
  private static final DesiredNetwork IPIP =
      Networks.wanted("{cidr: 10.244.0.0/16, backend: {type: ipip}, cni: {version: 0.3.1}}");
  private static final DesiredNetwork VXLAN =
      Networks.wanted("{cidr: 10.244.0.0/16, backend: {type: vxlan}, cni: {version: 0.3.1}}");
  private static final PodTemplateSpec APART = Flannel.template(IPIP, Optional.of("networking"));

  @Test
  void itKeepsApartFromKubeSystemAlone() {
    PodTemplateSpec template = WantedTemplate.of(IPIP, cluster(node("n1")).state());
    assertThat(template).isEqualTo(Flannel.template(IPIP));
    assertThat(apartFrom(template)).containsExactly("kube-system");
    assertThat(WantedTemplate.of(IPIP, running(template).state())).isEqualTo(template);
    for (String found : List.of("manifest-v0.28", "ipip-in-kube-system")) {
      assertThat(
              WantedTemplate.of(IPIP, cluster(node("n1")).foreign(Installs.found(found)).state()))
          .as(found)
          .isEqualTo(template);
    }
  }

  @Test
  void itKeepsApartFromTheNamespaceOfTheOneThatIsTakenOver() {
    PodTemplateSpec template =
        WantedTemplate.of(IPIP, cluster(node("n1")).foreign(elsewhere(Map.of())).state());
    assertThat(apartFrom(template)).containsExactly("kube-system", "networking");
    assertThat(template).isEqualTo(APART);
  }

  @Test
  void theEndOfTheTakeoverAloneChangesNothing() {
    assertThat(WantedTemplate.of(IPIP, running(APART).state())).isEqualTo(APART);
    assertThat(WantedTemplate.of(VXLAN, running(APART).state()))
        .as("the next change takes it away")
        .isEqualTo(Flannel.template(VXLAN));
  }

  @Test
  void anOperatorThatComesInTheMiddleOfTheTakeoverKeepsThemApart() {
    PodTemplateSpec before = Flannel.template(IPIP);
    before.getMetadata().setAnnotations(Map.of(RolloutAnnotations.REVISION, "before"));
    ForeignFlannel marked = elsewhere(Map.of("flannel.io/adopted-by", "default"));
    assertThat(
            WantedTemplate.of(
                IPIP, running(before).foreign(marked).subjects(marked.account()).state()))
        .isEqualTo(APART);
  }

  @Test
  void additionOfSomebodyIsNotKept() {
    PodTemplateSpec edited = Flannel.template(IPIP).edit().build();
    edited
        .getSpec()
        .setAffinity(Flannel.template(IPIP, Optional.of("somebody")).getSpec().getAffinity());
    assertThat(WantedTemplate.of(IPIP, running(edited).state())).isEqualTo(Flannel.template(IPIP));
  }

  /** Returns a flannel in namespace {@code networking}. */
  private static ForeignFlannel elsewhere(Map<String, String> annotations) {
    return Installs.with(
        "ipip-in-kube-system",
        it -> {
          it.getMetadata().setNamespace("networking");
          it.getMetadata().setAnnotations(annotations);
        });
  }

  /** Returns the namespaces of the anti-affinity to pods with {@code app: flannel}. */
  private static List<String> apartFrom(PodTemplateSpec template) {
    PodAffinityTerm term =
        template
            .getSpec()
            .getAffinity()
            .getPodAntiAffinity()
            .getRequiredDuringSchedulingIgnoredDuringExecution()
            .getFirst();
    assertThat(term.getNamespaceSelector()).isNull();
    assertThat(term.getLabelSelector().getMatchLabels()).containsExactly(entry("app", "flannel"));
    return term.getNamespaces();
  }

  private static Clusters running(PodTemplateSpec template) {
    return cluster(node("n1"))
        .live(
            LiveFlannelReader.read(
                Flannel.daemonSet(IPIP, template, RolloutAnnotations.NONE, "1"), Optional.empty()));
  }
}

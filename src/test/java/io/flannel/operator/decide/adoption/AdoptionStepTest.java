package io.flannel.operator.decide.adoption;

import static io.flannel.operator.flannel.Nodes.node;
import static io.flannel.operator.flannel.live.PodCountsBuilder.counts;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.apps.DaemonSetStatus;
import io.flannel.operator.decide.Clusters;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Installs;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.flannel.Nodes;
import io.flannel.operator.flannel.foreign.AdoptionMark;
import io.flannel.operator.flannel.foreign.ForeignFlannel;
import io.flannel.operator.flannel.live.LiveFlannel.PodCounts;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Three nodes that move from a flannel in kube-system to ours. */
class AdoptionStepTest {
  private static final String SPEC =
      "{cidr: 10.244.0.0/16, backend: {type: ipip}, rollout: {maxUnavailable: %s}}";

  @Test
  void nodesGoOneByOne() {
    assertThat(leaving("1", old(3, 0), ours(0))).containsExactly("n1");
    assertThat(leaving("1", old(2, 1, "n1"), ours(0))).as("n1 is on its way").isEmpty();
    assertThat(leaving("1", old(2, 0, "n1"), ours(0))).as("ours is not ready").isEmpty();
    assertThat(leaving("1", old(2, 0, "n1"), ours(1))).containsExactly("n2");
    assertThat(leaving("1", old(1, 0, "n1", "n2"), ours(2))).containsExactly("n3");
  }

  @Test
  void nodesAfterTheFirstLeaveAsManyAtATimeAsMayBeUnavailable() {
    assertThat(leaving("2", old(3, 0), ours(0))).as("the first alone").containsExactly("n1");
    assertThat(leaving("2", old(2, 0, "n1"), ours(1))).containsExactly("n2", "n3");
    assertThat(leaving("34%", old(2, 0, "n1"), ours(1)))
        .as("rounded up")
        .containsExactly("n2", "n3");
    assertThat(leaving("1%", old(2, 0, "n1"), ours(1))).containsExactly("n2");
    assertThat(leaving("2", old(1, 0, "n1", "n2"), ours(1))).containsExactly("n3");
  }

  @Test
  void countsOfAnOlderGenerationSayNothing() {
    assertThat(next("1", unobserved(3), ours(0)).leaving()).isEmpty();
    assertThat(next("1", old(3, 0), counts(0).unobserved().get()).leaving()).isEmpty();
  }

  @Test
  void itIsFinishedWhenAllAreGoneAndOursRuns() {
    String[] all = {"n1", "n2", "n3"};
    assertThat(next("1", old(0, 1, all), ours(3)).finished()).as("a pod is still there").isFalse();
    assertThat(next("1", old(0, 0, all), ours(2)).finished()).as("one is not ready").isFalse();
    assertThat(next("1", old(1, 0, "n1", "n2"), ours(3)).finished()).isFalse();
    assertThat(next("1", old(0, 0, all), ours(3)).finished()).isTrue();
  }

  @Test
  void aNodeThatIsNotRegisteredHoldsTheEnd() {
    DesiredNetwork wanted = wanted("1");
    List<NodeLease> leases =
        NodeLease.judge(
            wanted, Clusters.cluster(node("n1").podCidr("10.244.1.0/24")).running(wanted).state());
    assertThat(
            AdoptionStep.next(old(0, 0, "n1"), Networks.live(wanted, 1), wanted, leases).finished())
        .isFalse();
  }

  @Test
  void aNodeThatIsDownGoesLast() {
    Nodes down = leased("n1").notReady();
    DesiredNetwork wanted = wanted("1");
    List<NodeLease> leases =
        NodeLease.judge(wanted, Clusters.cluster(down, leased("n2")).running(wanted).state());
    assertThat(
            AdoptionStep.next(
                    old(2, 0), Networks.live(wanted, counts(2).available(0).get()), wanted, leases)
                .leaving())
        .extracting(ClusterNode::name)
        .containsExactly("n2");
  }

  private static List<String> leaving(String maxUnavailable, ForeignFlannel old, PodCounts ours) {
    return next(maxUnavailable, old, ours).leaving().stream().map(ClusterNode::name).toList();
  }

  private static AdoptionStep next(String maxUnavailable, ForeignFlannel old, PodCounts ours) {
    DesiredNetwork wanted = wanted(maxUnavailable);
    List<NodeLease> leases =
        NodeLease.judge(
            wanted,
            Clusters.cluster(leased("n1"), leased("n2"), leased("n3")).running(wanted).state());
    return AdoptionStep.next(old, Networks.live(wanted, ours), wanted, leases);
  }

  private static DesiredNetwork wanted(String maxUnavailable) {
    return Networks.wanted(SPEC.formatted(maxUnavailable));
  }

  private static Nodes leased(String name) {
    String number = name.substring(1);
    return node(name)
        .podCidr("10.244.%s.0/24".formatted(number))
        .internalIp("192.168.0." + number)
        .leased("ipip", "192.168.0." + number);
  }

  private static PodCounts ours(int available) {
    return counts(3).available(available).get();
  }

  private static ForeignFlannel unobserved(int scheduled) {
    return old(1L, scheduled, 0);
  }

  private static ForeignFlannel old(int scheduled, int misscheduled, String... left) {
    return old(2L, scheduled, misscheduled, left);
  }

  private static ForeignFlannel old(
      long observed, int scheduled, int misscheduled, String... left) {
    return Installs.with(
        "ipip-in-kube-system",
        it -> {
          it.getMetadata().setGeneration(2L);
          it.getMetadata().setAnnotations(Map.of(AdoptionMark.KEY, "default"));
          var terms =
              it.getSpec()
                  .getTemplate()
                  .getSpec()
                  .getAffinity()
                  .getNodeAffinity()
                  .getRequiredDuringSchedulingIgnoredDuringExecution()
                  .getNodeSelectorTerms();
          for (String node : left) {
            terms
                .getFirst()
                .getMatchFields()
                .add(new NodeSelectorRequirement("metadata.name", "NotIn", List.of(node)));
          }
          DaemonSetStatus status = new DaemonSetStatus();
          status.setObservedGeneration(observed);
          status.setCurrentNumberScheduled(scheduled);
          status.setNumberMisscheduled(misscheduled);
          it.setStatus(status);
        });
  }
}

package io.flannel.operator.decide.adoption;

import static io.flannel.operator.decide.Clusters.cluster;
import static io.flannel.operator.flannel.Networks.wanted;
import static io.flannel.operator.flannel.Nodes.node;
import static io.flannel.operator.flannel.foreign.BindingSubject.account;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.ClusterState.NetworkRef;
import io.flannel.operator.decide.Clusters;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.Decision.Refuse;
import io.flannel.operator.decide.acceptance.SpecValidator;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.ForeignInstalls;
import io.flannel.operator.flannel.Installs;
import io.flannel.operator.flannel.Nodes;
import io.flannel.operator.flannel.foreign.BindingSubject;
import io.flannel.operator.flannel.foreign.ForeignFlannel;
import io.flannel.operator.flannel.foreign.OtherDaemonSet;
import io.flannel.operator.flannel.foreign.OtherFlannels.Trace;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ForeignFlannelValidatorTest {
  private static final Instant CREATED = Instant.parse("2026-11-01T12:00:00Z");
  private static final DesiredNetwork NETWORK =
      wanted("{cidr: 10.244.0.0/16, backend: {type: ipip}, cni: {version: 0.3.1}}");
  private static final BindingSubject KUBE_SYSTEM = account("kube-system", "flannel");
  private static final Nodes LEASED =
      node("n1").podCidr("10.244.1.0/24").leased("vxlan", "192.168.0.1");

  @ParameterizedTest
  @ValueSource(strings = {"talos", "rke2-canal", "kube-flannel-ds-amd64"})
  void aFlannelOfAnyNameIsRefusedByIt(String install) {
    OtherDaemonSet other = ForeignInstalls.other(install);
    Refuse refuse = refuse(fresh(node("n1")).others(other));
    assertThat(refuse.message())
        .contains("DaemonSet " + other.id(), "container kube-flannel (", "can't be taken over");
    assertThat(refuse.remedy())
        .contains("kubectl -n kube-system delete daemonset " + other.name())
        .contains("kubectl annotate fnet default flannel.io/confirm-no-other-flannel=true");
    assertThat(judge(confirmed().others(other))).as("a confirmation is no cure").isEqualTo(refuse);
  }

  /** Anybody who may make DaemonSets in a namespace can make one that never gets a pod. */
  @Test
  void aDaemonSetWithoutPodsIsConfirmedToBeLeftOver() {
    OtherDaemonSet idle = OtherDaemonSet.of(ForeignInstalls.withoutPods("talos"));
    Refuse refuse = refuse(fresh(node("n1")).others(idle));
    assertThat(refuse.message()).contains("DaemonSet " + idle.id(), "has no pods now");
    assertThat(refuse.remedy())
        .contains(
            "kubectl -n kube-system delete daemonset kube-flannel",
            "flannel.io/confirm-no-other-flannel=true");
    assertThat(judge(confirmed().others(idle))).isEqualTo(Decision.accept());
    OtherDaemonSet starts = OtherDaemonSet.of(ForeignInstalls.counted("talos", 3));
    assertThat(refuse(confirmed().others(starts)).message())
        .as("its pods are about to come")
        .contains("runs a flannel");
    assertThat(
            refuse(confirmed().others(idle, ForeignInstalls.other("kube-flannel-ds-amd64")))
                .message())
        .as("beside one that has pods")
        .contains("kube-flannel-ds-amd64")
        .doesNotContain(idle.id() + ",");
  }

  @Test
  void aSiblingOfTheOneToTakeOverIsNamed() {
    Refuse refuse =
        refuse(
            fresh(node("n1"))
                .foreign(Installs.found("ipip-in-kube-system"))
                .others(ForeignInstalls.other("kube-flannel-ds-amd64")));
    assertThat(refuse.message())
        .contains(
            "kube-system/kube-flannel-ds-amd64", "beside DaemonSet kube-system/kube-flannel-ds");
    assertThat(refuse.remedy()).contains("one DaemonSet kube-flannel-ds for all nodes");
  }

  @Test
  void windowsFlannelIsNoRival() {
    assertThat(
            judge(
                fresh(node("n1"))
                    .foreign(Installs.found("ipip-in-kube-system"))
                    .others(ForeignInstalls.other("windows"))
                    .subjects(KUBE_SYSTEM)))
        .isEqualTo(Decision.accept());
    assertThat(
            judge(
                fresh(
                        node("n1"),
                        node("w1")
                            .label("kubernetes.io/os", "windows")
                            .leased("vxlan", "192.168.0.9"))
                    .others(ForeignInstalls.other("windows"))
                    .subjects(KUBE_SYSTEM)))
        .as("alone")
        .isEqualTo(Decision.accept());
  }

  @Test
  void aSubjectOfTheBindingIsRefusedUntilItIsConfirmedToBeLeftOver() {
    Refuse refuse = refuse(fresh(node("n1")).subjects(KUBE_SYSTEM));
    assertThat(refuse.message())
        .contains("ClusterRoleBinding flannel", "ServiceAccount kube-system/flannel");
    assertThat(refuse.remedy())
        .contains(
            "kubectl delete clusterrolebinding flannel",
            "flannel.io/confirm-no-other-flannel=true");
    assertThat(
            refuse(fresh(node("n1")).subjects(new BindingSubject("User", "", "flannel"))).message())
        .contains("User flannel");
    assertThat(judge(confirmed().subjects(KUBE_SYSTEM))).isEqualTo(Decision.accept());
  }

  @Test
  void aBindingOfAnotherRoleIsRefusedSinceNobodyCanChangeIt() {
    for (Clusters cluster : List.of(fresh(node("n1")), confirmed())) {
      Refuse refuse = refuse(cluster.otherRole("ClusterRole kube-flannel"));
      assertThat(refuse.message())
          .contains("ClusterRoleBinding flannel grants ClusterRole kube-flannel");
      assertThat(refuse.remedy()).contains("kubectl delete clusterrolebinding flannel");
    }
  }

  @Test
  void anAdoptableFlannelsSubjectIsItsOwn() {
    var adoptable = fresh(node("n1")).foreign(Installs.found("ipip-in-kube-system"));
    assertThat(judge(adoptable.subjects(KUBE_SYSTEM))).isEqualTo(Decision.accept());
    assertThat(refuse(adoptable.subjects(account("net", "flannel"))).message())
        .contains("net/flannel")
        .doesNotContain("kube-system");
  }

  @Test
  void nodesThatPublishWithoutAFlannelAreRefusedUntilItIsConfirmed() {
    Refuse refuse = refuse(fresh(LEASED, node("n2")));
    assertThat(refuse.message())
        .contains("node n1 has", "flannel.alpha.coreos.com/")
        .doesNotContain("k3s");
    assertThat(refuse.remedy()).contains("left over", "kubectl annotate fnet default");
    assertThat(judge(confirmed(LEASED))).isEqualTo(Decision.accept());
    assertThat(judge(fresh(LEASED).foreign(Installs.found("ipip-in-kube-system"))))
        .as("those of the one that is taken over")
        .isEqualTo(Decision.accept());
    assertThat(judge(fresh(node("n1").flannel("public-ip-overwrite", "203.0.113.1"))))
        .as("what people set")
        .isEqualTo(Decision.accept());
  }

  @Test
  void k3sIsToldAsSuchAndOnlyByItsAnnotations() {
    assertThat(judge(fresh(node("n1").kubelet("v1.34.1+k3s1")))).isEqualTo(Decision.accept());
    Refuse refuse =
        refuse(fresh(node("n1").kubelet("v1.34.1+k3s1").leased("vxlan", "192.168.0.1"), LEASED));
    assertThat(refuse.message()).contains("k3s", "v1.34.1+k3s1");
    assertThat(refuse.remedy()).startsWith("start k3s with --flannel-backend=none first");
  }

  @Test
  void firstOfManyAreNamed() {
    Nodes[] nodes =
        IntStream.range(10, 110)
            .mapToObj(i -> node("n" + i).leased("vxlan", "192.168.0." + i))
            .toArray(Nodes[]::new);
    assertThat(refuse(fresh(nodes)).message())
        .contains("nodes n10, n11, n12, n13, n14 and 95 more");
    OtherDaemonSet[] others =
        IntStream.range(0, 5)
            .mapToObj(_ -> ForeignInstalls.other("talos"))
            .toArray(OtherDaemonSet[]::new);
    assertThat(refuse(fresh(node("n1")).others(others)).message()).contains("; and 2 more");
  }

  @Test
  void aNetworkInForceIsNeverRefusedForIt() {
    OtherDaemonSet talos = ForeignInstalls.other("talos");
    assertThat(judge(fresh(LEASED).running(NETWORK).others(talos).subjects(KUBE_SYSTEM)))
        .as("its DaemonSet")
        .isEqualTo(Decision.accept());
    assertThat(
            judge(
                cluster(LEASED)
                    .network(new NetworkRef("default", CREATED, true, false))
                    .others(talos)
                    .subjects(KUBE_SYSTEM)))
        .as("its status")
        .isEqualTo(Decision.accept());
    assertThat(
            judge(
                fresh(LEASED)
                    .traces(new Trace("default", CREATED.plusSeconds(1), true))
                    .others(talos)
                    .subjects(KUBE_SYSTEM)))
        .as("its configuration")
        .isEqualTo(Decision.accept());
    assertThat(
            ForeignFlannelValidator.beside(
                    NETWORK, fresh(LEASED).running(NETWORK).others(talos).state())
                .orElseThrow())
        .contains("kube-system/kube-flannel");
  }

  /** Another flannel, such as k3s', may have been installed since. */
  @Test
  void whatAnEarlierNetworkLeftExplainsNothing() {
    Trace older = new Trace("default", CREATED.minusSeconds(60), true);
    Trace binding = new Trace("gone", CREATED.minusSeconds(60), false);
    Trace anothers = new Trace("another", CREATED.plusSeconds(60), true);
    for (Trace trace : new Trace[] {older, binding, anothers}) {
      assertThat(refuse(fresh(LEASED).traces(trace)).message()).contains("node n1 has");
      assertThat(judge(confirmed(LEASED).traces(trace))).isEqualTo(Decision.accept());
      assertThat(
              refuse(fresh(LEASED).traces(trace).others(ForeignInstalls.other("talos"))).reason())
          .isEqualTo("ForeignFlannel");
      assertThat(refuse(fresh(LEASED).traces(trace).subjects(KUBE_SYSTEM)).reason())
          .isEqualTo("ForeignFlannel");
    }
  }

  @Test
  void whatThisNetworkWroteExplainsNodes() {
    assertThat(judge(fresh(LEASED).traces(new Trace("default", CREATED, false))))
        .isEqualTo(Decision.accept());
  }

  /** Anybody can write this mark into their own DaemonSet. */
  @Test
  void aStrangersMarkNeitherRefusesANetworkInForceNorLetsAnotherIn() {
    for (String by : List.of("default", "whatever")) {
      for (ForeignFlannel stranger : List.of(Strangers.equal(by), Strangers.unlike(by))) {
        for (Clusters inForce :
            List.of(
                fresh(LEASED).running(NETWORK),
                cluster(LEASED).network(new NetworkRef("default", CREATED, true, false)),
                fresh(LEASED).traces(new Trace("default", CREATED, true)))) {
          ClusterState state = inForce.foreign(stranger).state();
          assertThat(SpecValidator.judge(NETWORK, state)).isEqualTo(Decision.accept());
          assertThat(AdoptionValidator.candidate(NETWORK, state)).isEmpty();
          assertThat(ForeignFlannelValidator.beside(NETWORK, state).orElseThrow())
              .contains("DaemonSet tenant/kube-flannel-ds");
        }
        assertThat(
                refuse(
                        fresh(node("n1"))
                            .foreign(stranger)
                            .others(ForeignInstalls.other("kube-flannel-ds-amd64")))
                    .message())
            .contains("kube-flannel-ds-amd64");
      }
    }
  }

  @Test
  void aFlannelWithoutRightsIsNotTakenOver() {
    ForeignFlannel stranger = Strangers.equal("default");
    Refuse refuse = refuse(fresh(node("n1")).foreign(stranger));
    assertThat(refuse.message())
        .contains("tenant/kube-flannel-ds", "does not name its ServiceAccount tenant/evil");
    assertThat(refuse.remedy())
        .contains("kubectl -n tenant delete daemonset kube-flannel-ds", "add its ServiceAccount");
    var given = fresh(node("n1")).foreign(stranger).subjects(account("tenant", "evil"));
    assertThat(judge(given)).isEqualTo(Decision.accept());
    assertThat(AdoptionValidator.candidate(NETWORK, given.state())).contains(stranger);
    assertThat(AdoptionValidator.candidate(NETWORK, given.running(NETWORK).state()))
        .as("begun")
        .contains(stranger);
  }

  @Test
  void ourDeletedDaemonSetIsRestoredBesideANewcomer() {
    var restored =
        cluster(LEASED)
            .network(new NetworkRef("default", CREATED, true, false))
            .foreign(Installs.found("ipip-in-kube-system"))
            .state();
    assertThat(SpecValidator.judge(NETWORK, restored)).isEqualTo(Decision.accept());
    assertThat(AdoptionValidator.candidate(NETWORK, restored)).isEmpty();
  }

  /** DaemonSets in a tenant's namespace that are marked as being adopted. */
  private interface Strangers {
    static ForeignFlannel equal(String by) {
      return marked(by, _ -> {});
    }

    static ForeignFlannel unlike(String by) {
      return marked(by, it -> it.getSpec().getTemplate().getSpec().setPriorityClassName(null));
    }

    private static ForeignFlannel marked(String by, Consumer<DaemonSet> change) {
      return Installs.with(
          "ipip-in-kube-system",
          it -> {
            it.getMetadata().setNamespace("tenant");
            it.getMetadata().setAnnotations(Map.of("flannel.io/adopted-by", by));
            it.getSpec().getTemplate().getSpec().setServiceAccountName("evil");
            change.accept(it);
          });
    }
  }

  /** A cluster whose network is not in force yet. */
  private static Clusters fresh(Nodes... nodes) {
    return cluster(nodes).network("default", CREATED.toString());
  }

  private static Clusters confirmed(Nodes... nodes) {
    return cluster(nodes).network(new NetworkRef("default", CREATED, false, true));
  }

  private static Decision judge(Clusters cluster) {
    return SpecValidator.judge(NETWORK, cluster.state());
  }

  private static Refuse refuse(Clusters cluster) {
    assertThat(judge(cluster)).isInstanceOf(Refuse.class);
    Refuse refuse = (Refuse) judge(cluster);
    assertThat(refuse.reason()).isEqualTo("ForeignFlannel");
    assertThat(refuse.withRemedy().length()).isLessThan(4096);
    return refuse;
  }
}

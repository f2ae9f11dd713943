package io.flannel.operator.decide.lease;

import static io.flannel.operator.decide.Clusters.cluster;
import static io.flannel.operator.flannel.Networks.dualStack;
import static io.flannel.operator.flannel.Networks.ipip;
import static io.flannel.operator.flannel.Networks.ipv6Only;
import static io.flannel.operator.flannel.Networks.vxlan;
import static io.flannel.operator.flannel.Nodes.node;
import static io.flannel.operator.flannel.live.FlannelPodBuilder.podOn;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.Clusters;
import io.flannel.operator.decide.problem.LeaseProblem;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.flannel.Nodes;
import io.flannel.operator.flannel.live.AppliedConfig;
import io.flannel.operator.flannel.live.FlannelPod;
import io.flannel.operator.flannel.live.FlannelPods;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class NodeLeaseTest {
  private static final DesiredNetwork IPIP = ipip("10.244.0.0/16");

  @Example
  void aNodeBesideTheNetworkCountsIfItStillHasALease() {
    assertThat(
            NodeLease.leasedBeside(
                Networks.wanted(
                    "{cidr: 10.244.0.0/16, backend: {type: ipip}, flannel: {nodeSelector: {pool:"
                        + " a}}}"),
                Clusters.cluster(
                        node("n1").label("pool", "a").leased("ipip", "192.168.0.1"),
                        node("n2").leased("ipip", "192.168.0.2"),
                        node("n3"))
                    .state()))
        .extracting(ClusterNode::name)
        .containsExactly("n2");
  }

  @Example
  void aNodeWithPodCidrAddressAndLeaseHasNoProblem() {
    assertThat(problems(IPIP, good("n1", 1), good("n2", 2))).isEmpty();
  }

  @Example
  void eachWayToLackALeaseIsNamed() {
    assertThat(
            problems(
                IPIP,
                good("good", 1),
                node("no-pod-cidr").leased("ipip", "192.168.0.2"),
                node("junk-pod-cidr").podCidr("junk").leased("ipip", "192.168.0.3"),
                node("outside").podCidr("10.1.0.0/24").leased("ipip", "192.168.0.4"),
                good("address-inside", 5).internalIp("10.244.5.0"),
                node("new").podCidr("10.244.6.0/24"),
                node("other").podCidr("10.244.7.0/24").leased("vxlan", "192.168.0.7"),
                node("no-ip").podCidr("10.244.8.0/24").leased("ipip", "junk"),
                node("twin-1").podCidr("10.244.9.0/24").leased("ipip", "192.168.0.9"),
                node("twin-2").podCidr("10.244.10.0/24").leased("ipip", "192.168.0.9"),
                node("overlap-1").podCidr("10.244.12.0/23").leased("ipip", "192.168.0.12"),
                node("overlap-2").podCidr("10.244.13.0/24").leased("ipip", "192.168.0.13")))
        .isEqualTo(
            Map.ofEntries(
                Map.entry("no-pod-cidr", LeaseProblem.NO_POD_CIDR),
                Map.entry("junk-pod-cidr", LeaseProblem.NO_POD_CIDR),
                Map.entry("outside", LeaseProblem.POD_CIDR_OUTSIDE),
                Map.entry("address-inside", LeaseProblem.ADDRESS_IN_NETWORK),
                Map.entry("new", LeaseProblem.NOT_REGISTERED),
                Map.entry("other", LeaseProblem.OTHER_BACKEND),
                Map.entry("no-ip", LeaseProblem.NO_PUBLIC_IP),
                Map.entry("twin-1", LeaseProblem.DUPLICATE_PUBLIC_IP),
                Map.entry("twin-2", LeaseProblem.DUPLICATE_PUBLIC_IP),
                Map.entry("overlap-1", LeaseProblem.DUPLICATE_POD_CIDR),
                Map.entry("overlap-2", LeaseProblem.DUPLICATE_POD_CIDR)));
  }

  @Example
  void nodesThatGetNoFlannelAreNotJudged() {
    assertThat(
            NodeLease.judge(
                IPIP,
                cluster(good("n1", 1), node("w").label("kubernetes.io/os", "windows")).state()))
        .extracting(lease -> lease.node().name())
        .containsExactly("n1");
  }

  @Example
  void dualStackNeedsBothFamilies() {
    assertThat(
            problems(
                dualStack("10.244.0.0/16", "fd00::/56"),
                node("good")
                    .podCidr("10.244.1.0/24", "fd00:0:0:1::/64")
                    .leased("vxlan", "192.168.0.1", "fd01::1"),
                node("no-v6-range")
                    .podCidr("10.244.2.0/24")
                    .leased("vxlan", "192.168.0.2", "fd01::2"),
                node("no-v6-ip")
                    .podCidr("10.244.3.0/24", "fd00:0:0:3::/64")
                    .leased("vxlan", "192.168.0.3"),
                node("v6-outside")
                    .podCidr("10.244.4.0/24", "fd02::/64")
                    .leased("vxlan", "192.168.0.4", "fd01::4"),
                node("v6-twin-1")
                    .podCidr("10.244.5.0/24", "fd00:0:0:5::/64")
                    .leased("vxlan", "192.168.0.5", "fd01::5"),
                node("v6-twin-2")
                    .podCidr("10.244.6.0/24", "fd00:0:0:6::/64")
                    .leased("vxlan", "192.168.0.6", "fd01::5"),
                node("v6-overlap-1")
                    .podCidr("10.244.7.0/24", "fd00:0:0:7::/64")
                    .leased("vxlan", "192.168.0.7", "fd01::7"),
                node("v6-overlap-2")
                    .podCidr("10.244.8.0/24", "fd00:0:0:7::/65")
                    .leased("vxlan", "192.168.0.8", "fd01::8")))
        .isEqualTo(
            Map.of(
                "no-v6-range", LeaseProblem.NO_POD_CIDR,
                "no-v6-ip", LeaseProblem.NO_PUBLIC_IP,
                "v6-outside", LeaseProblem.POD_CIDR_OUTSIDE,
                "v6-twin-1", LeaseProblem.DUPLICATE_PUBLIC_IP,
                "v6-twin-2", LeaseProblem.DUPLICATE_PUBLIC_IP,
                "v6-overlap-1", LeaseProblem.DUPLICATE_POD_CIDR,
                "v6-overlap-2", LeaseProblem.DUPLICATE_POD_CIDR));
  }

  /** Anybody who may write Nodes can set such an address, and agents would send to it. */
  @Example
  void anAddressOfTheOtherFamilyIsNone() {
    assertThat(
            problems(
                vxlan("10.244.0.0/16"),
                good("n1", 1).leased("vxlan", "192.168.0.1"),
                good("n2", 2).leased("vxlan", "fd00::2")))
        .isEqualTo(Map.of("n2", LeaseProblem.NO_PUBLIC_IP));
  }

  @Example
  void aFamilyThatARolloutAddsIsNotMissedWhereItHasNotBeen() {
    DesiredNetwork both = dualStack("10.244.0.0/16", "fd00::/48");
    Map<String, AppliedConfig> configs =
        Map.of("both", AppliedConfig.of(both), "ipv4", AppliedConfig.of(vxlan("10.244.0.0/16")));
    Function<String, ClusterState> halfWay =
        second ->
            cluster(
                    good("n1", 1).podCidr("fd00:0:0:1::/64").leased("vxlan", "192.168.0.1"),
                    good("n2", 2).podCidr("fd00:0:0:2::/64").leased("vxlan", "192.168.0.2"))
                .live(Networks.live(both, 2))
                .pods(new FlannelPods(List.of(pod("n1", "ipv4"), pod("n2", second)), configs))
                .state();
    assertThat(NodeLease.judge(both, halfWay.apply("ipv4")))
        .allSatisfy(lease -> assertThat(lease.problem()).isEmpty());
    assertThat(NodeLease.judge(both, halfWay.apply("both")))
        .extracting(NodeLease::problem)
        .containsExactly(Optional.empty(), Optional.of(LeaseProblem.NO_PUBLIC_IP));
  }

  private static FlannelPod pod(String node, String config) {
    return podOn(node)
        .revision(config)
        .configHash(config)
        .runningSince(Instant.EPOCH)
        .gateOpen()
        .get();
  }

  /** In an IPv6-only network flannel publishes public-ip 0.0.0.0 on every node. */
  @Example
  void ipv6OnlyNodesDoNotShareAnIpv4Address() {
    assertThat(
            problems(
                ipv6Only("fd00::/56"),
                node("n1").podCidr("fd00:0:0:1::/64").leased("host-gw", "0.0.0.0", "fd01::1"),
                node("n2").podCidr("fd00:0:0:2::/64").leased("host-gw", "0.0.0.0", "fd01::2"),
                node("old").podCidr("fd00:0:0:3::/64").leased("host-gw", "10.0.0.1", "fd01::3"),
                node("old-too")
                    .podCidr("fd00:0:0:4::/64")
                    .leased("host-gw", "10.0.0.1", "fd01::4")))
        .isEmpty();
  }

  @Example
  void aChangeThatIsNotInForceTakesNoLeaseAway() {
    ClusterState running = cluster(good("n1", 1), good("n2", 2)).running(IPIP).state();
    assertThat(NodeLease.judge(vxlan("10.245.0.0/16"), running))
        .allSatisfy(lease -> assertThat(lease.problem()).isEmpty());
  }

  @Example
  void norDoesOneThatWouldLeaveTheNodeOut() {
    ClusterState cluster =
        cluster(good("n1", 1).label("pool", "a"), good("n2", 2))
            .live(Networks.live(IPIP, 2))
            .state();
    DesiredNetwork some =
        Networks.wanted(
            "{cidr: 10.244.0.0/16, backend: {type: ipip}, flannel: {nodeSelector: {pool: a}}}");
    assertThat(NodeLease.judge(some, cluster)).hasSize(2);
  }

  @Example
  void onceInForceItDoes() {
    ClusterState running =
        cluster(good("n1", 1), good("n2", 2)).running(vxlan("10.244.0.0/16")).state();
    assertThat(NodeLease.judge(vxlan("10.244.0.0/16"), running))
        .extracting(lease -> lease.problem().orElseThrow())
        .containsOnly(LeaseProblem.OTHER_BACKEND);
  }

  @Property
  void overlapsAreThoseThatComparingAllPairsFinds(@ForAll("podCidrs") List<Cidr> podCidrs) {
    List<ClusterNode> nodes = new ArrayList<>();
    for (int i = 0; i < podCidrs.size(); i++) {
      nodes.add(
          node("n" + i)
              .podCidr(podCidrs.get(i).toString())
              .leased("ipip", "192.168.0." + (i + 1))
              .get());
    }
    Set<String> expected = new HashSet<>();
    for (int i = 0; i < podCidrs.size(); i++) {
      for (int j = 0; j < podCidrs.size(); j++) {
        if (i != j && podCidrs.get(i).overlaps(podCidrs.get(j))) {
          expected.add("n" + i);
        }
      }
    }

    assertThat(
            NodeLease.judge(IPIP, cluster(nodes).state()).stream()
                .filter(
                    lease -> lease.problem().equals(Optional.of(LeaseProblem.DUPLICATE_POD_CIDR)))
                .map(lease -> lease.node().name()))
        .containsExactlyInAnyOrderElementsOf(expected);
  }

  @Property
  void theOrderOfNodesIsKeptAndChangesNoVerdict(@ForAll("podCidrs") List<Cidr> podCidrs) {
    List<ClusterNode> nodes =
        IntStream.range(0, podCidrs.size())
            .mapToObj(
                i ->
                    node("n" + i)
                        .podCidr(podCidrs.get(i).toString())
                        .leased("ipip", "192.168.0." + i / 2)
                        .get())
            .toList();
    List<NodeLease> forward = NodeLease.judge(IPIP, cluster(nodes).state());
    List<NodeLease> backward = NodeLease.judge(IPIP, cluster(nodes.reversed()).state());

    assertThat(forward).extracting(NodeLease::node).isEqualTo(nodes);
    assertThat(backward.reversed()).isEqualTo(forward);
  }

  @Example
  void fiveThousandNodesAreJudged() {
    List<ClusterNode> nodes =
        IntStream.range(0, 5000)
            .mapToObj(
                i ->
                    node("n" + i)
                        .podCidr("10.%d.%d.0/24".formatted(i / 256, i % 256))
                        .leased("ipip", "192.168.%d.%d".formatted(i / 250, i % 250 + 1))
                        .get())
            .toList();
    assertThat(NodeLease.judge(ipip("10.0.0.0/8"), cluster(nodes).state()))
        .hasSize(5000)
        .allSatisfy(lease -> assertThat(lease.problem()).isEmpty());
  }

  @Example
  void theWordsForEachProblemAreForPeople() {
    assertThat(LeaseProblem.values())
        .allSatisfy(
            problem -> {
              assertThat(problem.reason()).matches("[A-Z][A-Za-z]+");
              assertThat(problem.message()).matches("(has|lacks|still|publishes) .*[^.]");
              assertThat(problem.remedy()).matches("[a-z].*[^.]");
            })
        .extracting(LeaseProblem::reason)
        .doesNotHaveDuplicates();
  }

  @Provide
  Arbitrary<List<Cidr>> podCidrs() {
    Arbitrary<Cidr> podCidr =
        Combinators.combine(
                Arbitraries.integers().between(0, 0xff), Arbitraries.integers().between(22, 28))
            .as(
                (low, prefix) ->
                    new Cidr(
                        Cidr.Family.IPV4,
                        BigInteger.valueOf(0x0af40000L + ((long) low << 4)),
                        prefix));
    return podCidr.list().ofMaxSize(12);
  }

  private static Nodes good(String name, int number) {
    return node(name)
        .podCidr("10.244.%d.0/24".formatted(number))
        .internalIp("192.168.0." + number)
        .leased("ipip", "192.168.0." + number);
  }

  private static Map<String, LeaseProblem> problems(DesiredNetwork wanted, Nodes... nodes) {
    return NodeLease.judge(wanted, cluster(nodes).state()).stream()
        .filter(lease -> lease.problem().isPresent())
        .collect(
            Collectors.toMap(
                lease -> lease.node().name(),
                lease -> lease.problem().orElseThrow(),
                (a, b) -> a,
                TreeMap::new));
  }
}

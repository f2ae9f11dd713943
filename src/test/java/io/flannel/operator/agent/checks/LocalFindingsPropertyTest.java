package io.flannel.operator.agent.checks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.flannel.operator.api.BackendType;
import io.flannel.operator.decide.problem.NodeFault;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** With any backend, a node that flannel has set up, on which one thing then goes wrong. */
class LocalFindingsPropertyTest {
  @Property(tries = 2000)
  void nothingIsWrongOnANodeWhereFlannelDidItsWork(@ForAll("shapes") SimulatedNode.Shape shape) {
    assertThat(new SimulatedNode(shape).sightings()).isEmpty();
  }

  @Property(tries = 5000)
  void oneThingThatGoesWrongIsExactlyThatFault(
      @ForAll("shapes") SimulatedNode.Shape shape, @ForAll("mutations") Mutation mutation) {
    var node = new SimulatedNode(shape);
    Assume.that(mutation.on().test(node));
    mutation.breaks().accept(node);

    assertThat(node.sightings())
        .extracting(Finding::fault, Finding::peer)
        .containsExactly(tuple(mutation.fault(), mutation.peer()));
    assertThat(node.sightings().getFirst().message()).contains("should");
  }

  @Property(tries = 2000)
  void unreadableStateIsNotFoundWrong(
      @ForAll("shapes") SimulatedNode.Shape shape,
      @ForAll("mutations") Mutation mutation,
      @ForAll boolean links,
      @ForAll boolean routes,
      @ForAll boolean neighbours,
      @ForAll boolean forwarding) {
    var node = new SimulatedNode(shape);
    KernelState all = node.state();
    var state =
        new KernelState(
            links ? all.links() : ReadResult.failed("ip failed"),
            routes ? all.routes() : ReadResult.failed("ip failed"),
            all.ipv6Routes(),
            neighbours ? all.neighbours() : ReadResult.failed("ip failed"),
            forwarding ? all.forwarding() : ReadResult.failed("bridge failed"),
            all.subnetEnv(),
            all.cniConfig(),
            all.podMtus(),
            all.sysctls(),
            all.counters());

    boolean whole = links && routes && neighbours && forwarding;
    assertThat(LocalFindings.of(node.expected(), state))
        .extracting(Finding::fault)
        .isEqualTo(whole ? List.of() : List.of(NodeFault.CHECKS_FAILED));
  }

  @Provide
  Arbitrary<SimulatedNode.Shape> shapes() {
    return Combinators.combine(
            Arbitraries.of(BackendType.values()),
            Arbitraries.of(true, false),
            Arbitraries.of(true, false),
            Arbitraries.<Optional<Integer>>of(
                Optional.empty(), Optional.of(1400), Optional.of(1300)),
            Arbitraries.of(1500, 9000, 1460),
            Arbitraries.of(true, false).list().ofMaxSize(5),
            Arbitraries.of(true, false),
            Arbitraries.of(true, false))
        .as(
            (backend, direct, ipv6, mtu, nicMtu, peers, allPeers, bridge) ->
                new SimulatedNode.Shape(
                    backend,
                    direct && (backend == BackendType.VXLAN || backend == BackendType.IPIP),
                    ipv6 && backend != BackendType.IPIP,
                    mtu,
                    nicMtu,
                    // host-gw reaches only peers on the node's own link.
                    backend == BackendType.HOST_GW ? peers.stream().map(_ -> true).toList() : peers,
                    allPeers,
                    bridge));
  }

  @Provide
  Arbitrary<Mutation> mutations() {
    return Arbitraries.of(Mutation.all());
  }
}

package io.flannel.operator.agent.checks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.FlannelNodeSpecBuilder;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.flannel.Cidr;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class LocalFindingsTest {
  @Test
  void everyFaultHasAMutationOrATestOfItsOwn() {
    var shown = new TreeSet<NodeFault>();
    Mutation.all().forEach(mutation -> shown.add(mutation.fault()));
    // CounterChecksTest covers the first two, which take several polls, LocalFindingsPropertyTest
    // the last.
    shown.addAll(
        List.of(
            NodeFault.REVERSE_PATH_FILTER_STRICT,
            NodeFault.UDP_CHECKSUM_ERRORS,
            NodeFault.CHECKS_FAILED));
    assertThat(shown).containsExactly(NodeFault.values());
  }

  @Test
  void aCopyOfTheRouteWithAWorseMetricIsNeitherWrongNorStale() {
    var node = SimulatedNode.of(BackendType.HOST_GW);
    node.routes.add(SimulatedNode.newRoute("10.244.2.0/24", "192.168.0.100", "flannel.ipip", 4096));
    assertThat(node.sightings())
        .extracting(Finding::fault, Finding::message)
        .containsExactly(
            tuple(
                NodeFault.LEFT_OVERS,
                "there is the route 10.244.2.0/24 via 192.168.0.100 dev flannel.ipip metric 4096;"
                    + " there should be none"));
  }

  @Test
  void aCopyThatIsTheOnlyWayIsToldAsTheMissingRoute() {
    var node = SimulatedNode.of(BackendType.IPIP);
    node.removeRoute("10.244.2.0/24");
    node.routes.add(SimulatedNode.newRoute("10.244.2.0/24", "10.244.2.0", "flannel.1", 4096));
    assertThat(node.sightings())
        .extracting(Finding::fault)
        .containsExactly(NodeFault.ROUTE_MISSING);
  }

  @Test
  void oldRoutesAreLeftOversAfterAChangeToWireguard() {
    var node = SimulatedNode.of(BackendType.WIREGUARD);
    node.route("10.244.2.0/24", "192.168.0.100", "eth0");
    node.routes.add(SimulatedNode.newRoute("10.244.3.0/24", "192.168.0.101", "eth0", 4096));
    assertThat(node.sightings())
        .extracting(Finding::fault, Finding::message)
        .containsExactly(
            tuple(
                NodeFault.LEFT_OVERS,
                "there are 2 routes, such as 10.244.2.0/24 via 192.168.0.100 dev eth0; there"
                    + " should be none"));
  }

  @Test
  void aPeerThatStillRunsVxlanIsIgnoredByIpipAsFlannelDoes() {
    var node = SimulatedNode.of(BackendType.VXLAN);
    Expected vxlan = node.expected();
    var moved = SimulatedNode.of(BackendType.IPIP);
    moved.routes.removeIf(route -> route.destination().equals(Cidr.parse("10.244.2.0/24")));
    moved.route("10.244.2.0/24", "10.244.2.0", "flannel.1");
    Expected ipip = moved.expected().withPeers(vxlan.peers());
    assertThat(LocalFindings.of(ipip, moved.state())).isEmpty();
  }

  @Test
  void aNodeBehindNatHasItsTunnelOnItsOwnAddress() {
    var node = SimulatedNode.of(BackendType.IPIP);
    node.links.replaceAll(
        link ->
            link.name().equals("eth0") ? Links.addressed(link, link.mtu(), "172.16.0.5/24") : link);
    Link own = node.link("flannel.ipip");
    node.replace(
        Links.with(
            own,
            own.kind(),
            own.mtu(),
            new Link.Tunnel(
                Optional.of(Cidr.ofAddress("172.16.0.5")),
                Optional.empty(),
                Optional.empty(),
                own.tunnel().vni(),
                own.tunnel().port(),
                false)));
    assertThat(node.sightings()).isEmpty();
  }

  @Test
  void vxlanAloneCannotGiveMoreThanTheNicLeaves() {
    var node =
        new SimulatedNode(
            new SimulatedNode.Shape(
                BackendType.VXLAN, false, false, Optional.of(1500), 1500, List.of(), true, false));
    Link own = node.link("flannel.1");
    node.replace(Links.with(own, own.kind(), 1450, own.tunnel()));
    assertThat(node.sightings())
        .extracting(Finding::message)
        .containsExactly(
            "flannel.1 has MTU 1450; it should have 1500: so says the network's mtu; eth0 has 1500,"
                + " 50 of which vxlan takes");
  }

  @Test
  void vxlanOverIpv6LeavesLess() {
    var node =
        new SimulatedNode(
            new SimulatedNode.Shape(
                BackendType.VXLAN, false, true, Optional.empty(), 1500, List.of(), true, false));
    Link own = node.link("flannel-v6.1");
    assertThat(own.mtu()).isEqualTo(1430);
    assertThat(node.sightings()).isEmpty();
    node.replace(Links.with(own, own.kind(), 1450, own.tunnel()));
    assertThat(node.sightings())
        .extracting(Finding::message)
        .containsExactly(
            "flannel-v6.1 has MTU 1450; it should have 1430: eth0 has 1500, 70 of which vxlan"
                + " takes");
  }

  @Test
  void podsThatStillHaveALargerMtuAreCounted() {
    var node = SimulatedNode.of(BackendType.VXLAN);
    node.podMtus.clear();
    node.podMtus.addAll(List.of(1450, 1480, 1400, 1500));
    assertThat(node.sightings())
        .extracting(Finding::message)
        .containsExactly(
            "2 of 4 pods on cni0 have an MTU of up to 1500; it should be at most 1450");
    node.podMtus.remove(Integer.valueOf(1500));
    assertThat(node.sightings())
        .extracting(Finding::message)
        .containsExactly("1 of 3 pods on cni0 has an MTU of up to 1480; it should be at most 1450");
    node.podMtus.remove(Integer.valueOf(1480));
    assertThat(node.sightings()).isEmpty();
  }

  @Test
  void aBridgeWithoutPodsHasWhateverMtu() {
    var node = SimulatedNode.of(BackendType.VXLAN);
    Link bridge = node.link("cni0");
    node.replace(
        new Link(
            bridge.index(),
            "cni0",
            bridge.kind(),
            true,
            false,
            1500,
            bridge.addresses(),
            bridge.tunnel(),
            bridge.receivedPackets()));
    assertThat(node.sightings()).isEmpty();
  }

  @Test
  void routesOfOthersInTheNetworkAreNotStale() {
    var node = SimulatedNode.of(BackendType.VXLAN);
    node.route("10.244.77.0/24", null, "docker0");
    node.route("10.244.1.7/32", "10.244.1.9", "cni0");
    node.routes.add(
        new Route(
            Cidr.parse("10.244.0.0/16"),
            "blackhole",
            List.of(new Route.Hop(Optional.empty(), Optional.empty())),
            0,
            Optional.empty(),
            false));
    assertThat(node.sightings()).isEmpty();
  }

  @Test
  void hostGwCannotReachAPeerBehindARouter() {
    var node = SimulatedNode.of(BackendType.HOST_GW);
    node.removeRoute("10.244.2.0/24");
    node.removeRoute("192.168.0.0/24");
    assertThat(node.sightings())
        .filteredOn(sighting -> sighting.fault() == NodeFault.ROUTE_MISSING)
        .singleElement()
        .extracting(Finding::message)
        .asString()
        .contains("host-gw needs all nodes on one L2");
  }

  @Test
  void aMessageSaysWhatWasSeenAndWhatShouldBe() {
    var node = SimulatedNode.of(BackendType.IPIP);
    node.removeRoute("10.244.2.0/24");
    node.route("10.244.2.0/24", "192.168.0.250", "flannel.ipip");
    assertThat(node.sightings())
        .extracting(Finding::message)
        .containsExactly(
            "the route to n2's pods is 10.244.2.0/24 via 192.168.0.250 dev flannel.ipip; it should"
                + " be 10.244.2.0/24 via 192.168.0.100 dev flannel.ipip");
  }

  @Test
  void nothingIsExpectedBeforeFlannelHasRegisteredTheNode() {
    var spec = SimulatedNode.of(BackendType.VXLAN).spec();
    assertThat(Expected.of(FlannelNodeSpecBuilder.like(spec).publicIp(null).get())).isEmpty();
  }
}

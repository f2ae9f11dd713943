package io.flannel.operator.report.path;

import io.flannel.operator.api.FlannelNodeStatus.Device;
import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.decide.health.AgentReport.Received;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.Lease;
import java.math.BigInteger;
import java.util.List;
import java.util.Optional;

/**
 * One of the two nodes of a path.
 *
 * @param lease what flannel published about it
 * @param report its agent's report; empty if there is no current one
 */
public record PathEndpoint(NodeLease lease, Optional<Received> report) {
  /**
   * Combines a node and its agent's report. An outdated report, or that of a silent agent, is
   * dropped.
   */
  public static PathEndpoint of(NodeLease lease, Optional<AgentReport> report, boolean silent) {
    return new PathEndpoint(
        lease,
        report
            .filter(it -> !silent)
            .filter(Received.class::isInstance)
            .map(Received.class::cast)
            .filter(it -> !it.silent()));
  }

  String name() {
    return lease.node().name();
  }

  Optional<Cidr> pods(Cidr.Family family) {
    return lease.node().podCidr(family);
  }

  /** The second address of its pod range: the first is the bridge's. */
  String podAddress(Cidr.Family family) {
    return pods(family)
        .map(range -> new Cidr(family, range.network().add(BigInteger.TWO), family.bits()).base())
        .orElse("a pod's address");
  }

  /** The address that peers send to. */
  String underlay(Cidr.Family family) {
    return lease
        .lease()
        .flatMap(it -> it.publicIp(family).or(it::underlay))
        .map(Cidr::base)
        .orElse(name());
  }

  Optional<String> vtepMac(Cidr.Family family) {
    return lease.lease().flatMap(it -> it.vtepMac(family));
  }

  Optional<String> backendType() {
    return lease.lease().map(Lease::backendType);
  }

  Optional<Device> tunnel() {
    return report.flatMap(Received::device);
  }

  Optional<Device> bridge() {
    return report.flatMap(Received::bridge);
  }

  Optional<Device> nic() {
    return report.flatMap(Received::nic);
  }

  /** What its agent reports about the path to the other node. */
  Optional<AgentReport.Path> toward(PathEndpoint other) {
    return report.stream()
        .flatMap(it -> it.paths().stream())
        .filter(path -> path.peer().equals(other.name()))
        .findFirst();
  }

  /** Its findings, except those about paths to nodes other than that one. */
  List<AgentReport.Finding> findings(PathEndpoint other) {
    return report.stream()
        .flatMap(it -> it.findings().stream())
        .filter(finding -> finding.peer().filter(peer -> !peer.equals(other.name())).isEmpty())
        .toList();
  }
}

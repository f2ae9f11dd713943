package io.flannel.operator.agent;

import io.flannel.operator.api.FlannelNodeStatus;
import io.flannel.operator.api.FlannelNodeStatus.Device;
import io.flannel.operator.api.FlannelNodeStatus.Finding;
import io.flannel.operator.api.FlannelNodeStatus.PeerReport;
import io.flannel.operator.api.FlannelNodeStatus.Route;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The part of the status whose change triggers a write: no times, no round-trip times, no
 * percentages, no messages.
 */
record SignificantStatus(
    @Nullable Long observedGeneration,
    @Nullable Device device,
    @Nullable String bridgeAddress,
    @Nullable Device nic,
    @Nullable Device bridge,
    Set<About> findings,
    Map<String, Verdict> peers) {

  /** Identifies a finding, whatever its message. */
  record About(String reason, @Nullable String peer) {
    static About of(Finding finding) {
      return new About(finding.reason(), finding.peer());
    }
  }

  /** The significant part of the report on a peer. */
  record Verdict(
      @Nullable Boolean overlay,
      @Nullable Boolean fullSize,
      @Nullable Boolean underlay,
      @Nullable Boolean alive,
      boolean lossy,
      @Nullable Route route) {
    static Verdict of(PeerReport peer) {
      return new Verdict(
          peer.overlay(),
          peer.fullSize(),
          peer.underlay(),
          peer.alive(),
          Boolean.TRUE.equals(peer.lossy()),
          peer.route());
    }
  }

  static SignificantStatus of(FlannelNodeStatus status) {
    return new SignificantStatus(
        status.observedGeneration(),
        status.device(),
        status.bridgeAddress(),
        status.nic(),
        status.bridge(),
        Objects.requireNonNullElse(status.findings(), List.<Finding>of()).stream()
            .map(About::of)
            .collect(Collectors.toSet()),
        Objects.requireNonNullElse(status.peers(), List.<PeerReport>of()).stream()
            .collect(Collectors.toMap(PeerReport::name, Verdict::of, (one, other) -> one)));
  }
}

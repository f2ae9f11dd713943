package io.flannel.operator.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a node should have, and which peers its agent should probe. Written only by the operator.
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record FlannelNodeSpec(
    @JsonPropertyDescription("Name of the FlannelNetwork that this node is part of.")
        @Required
        @Size(min = 1, max = Bounds.NAME)
        @Pattern(Bounds.NAME_FORM)
        String network,
    @JsonPropertyDescription(
            "Backend type that the node should run: vxlan, ipip, host-gw or wireguard.")
        @Required
        BackendType backend,
    @JsonPropertyDescription("Tunnel device that should be there; left out for host-gw.")
        @Size(min = 1, max = Bounds.DEVICE)
        @Pattern(Bounds.DEVICE_FORM)
        @Nullable String device,
    @JsonPropertyDescription("Whether nodes on one L2 are reached without encapsulation.")
        @Nullable Boolean directRouting,
    @JsonPropertyDescription("What a vxlan device should have; left out for other backends.")
        @Nullable Vxlan vxlan,
    @JsonPropertyDescription(
            "MTU in bytes that pods should get; left out: what the node's NIC leaves.")
        @Min(Bounds.SMALLEST_MTU)
        @Max(Bounds.LARGEST_POD_MTU)
        @Nullable Integer mtu,
    @JsonPropertyDescription("IPv4 range of all pods of the network.")
        @Size(max = Bounds.IPV4_CIDR)
        @ValidationRule(
            value = "isCIDR(self) && cidr(self).ip().family() == 4",
            message = "cidr must be an IPv4 range in CIDR notation, such as 10.244.0.0/16")
        @Nullable String cidr,
    @JsonPropertyDescription("IPv6 range of all pods of the network.")
        @JsonProperty("ipv6CIDR")
        @Size(max = Bounds.IPV6_CIDR)
        @ValidationRule(
            value = "isCIDR(self) && cidr(self).ip().family() == 6",
            message = "ipv6CIDR must be an IPv6 range in CIDR notation, such as fd00:10:244::/56")
        @Nullable String ipv6CIDR,
    @JsonPropertyDescription("IPv4 range of the node's pods.")
        @Size(max = Bounds.IPV4_CIDR)
        @ValidationRule(
            value = "isCIDR(self) && cidr(self).ip().family() == 4",
            message = "subnet must be an IPv4 range in CIDR notation, such as 10.244.1.0/24")
        @Nullable String subnet,
    @JsonPropertyDescription("IPv6 range of the node's pods.")
        @Size(max = Bounds.IPV6_CIDR)
        @ValidationRule(
            value = "isCIDR(self) && cidr(self).ip().family() == 6",
            message =
                "ipv6Subnet must be an IPv6 range in CIDR notation, such as fd00:10:244:1::/64")
        @Nullable String ipv6Subnet,
    @JsonPropertyDescription("Address that peers send to.")
        @Size(max = Bounds.ADDRESS)
        @ValidationRule(
            value = "isIP(self)",
            message = "publicIP must be an IP address, such as 192.168.0.81")
        @Nullable String publicIP,
    @JsonPropertyDescription("How to probe; left out: do not.") @Nullable Probe probe,
    @JsonPropertyDescription("The nodes to probe.") @Size(max = Bounds.PEERS)
        @Nullable List<Peer> peers,
    @JsonPropertyDescription(
            "Whether peers lists every other node of the network, so that a route inside cidr to none"
                + " of them is a stale one.")
        @Nullable Boolean allPeers) {

  /** What a vxlan device should have. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Vxlan(
      @JsonPropertyDescription("VXLAN network identifier.")
          @Required
          @Min(1)
          @Max(Bounds.LARGEST_VNI)
          Integer vni,
      @JsonPropertyDescription("UDP port on the underlay.")
          @Required
          @Min(1)
          @Max(Bounds.LARGEST_PORT)
          Integer port) {}

  /** How to probe the peers. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Probe(
      @JsonPropertyDescription("Time between two probes of a peer, such as 2s.")
          @Required
          @ValidationRule(
              value = DurationRules.FROM_1S_TO_5M,
              message = "probe.interval must be a duration from 1s to 5m, such as 2s")
          @Size(max = 32)
          String interval,
      @JsonPropertyDescription("Probes lost in a row until a peer counts as unreachable.")
          @Required
          @Min(1)
          @Max(100)
          Integer failAfter,
      @JsonPropertyDescription("UDP port that the agents answer on.")
          @Required
          @Min(1)
          @Max(Bounds.LARGEST_PORT)
          Integer port) {}

  /** A node to probe. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Peer(
      @JsonPropertyDescription("Name of the peer's Node.")
          @Required
          @Size(min = 1, max = Bounds.NAME)
          @Pattern(Bounds.NAME_FORM)
          String name,
      @JsonPropertyDescription("The peer's node address, on the underlay.")
          @Required
          @Size(max = Bounds.ADDRESS)
          @ValidationRule(
              value = "isIP(self)",
              message = "address must be an IP address, such as 192.168.0.82")
          String address,
      @JsonPropertyDescription(
              "The peer's address in the overlay: its tunnel device's, or with host-gw its bridge's,"
                  + " once it has one; left out: the overlay is not probed.")
          @Size(max = Bounds.ADDRESS)
          @ValidationRule(
              value = "isIP(self)",
              message = "overlayAddress must be an IP address, such as 10.244.2.0")
          @Nullable String overlayAddress,
      @JsonPropertyDescription("IPv4 range of the peer's pods.")
          @Size(max = Bounds.IPV4_CIDR)
          @ValidationRule(
              value = "isCIDR(self) && cidr(self).ip().family() == 4",
              message = "subnet must be an IPv4 range in CIDR notation, such as 10.244.2.0/24")
          @Nullable String subnet,
      @JsonPropertyDescription("MAC address of the peer's vxlan device, as flannel published it.")
          @JsonProperty("vtepMAC")
          @Size(max = Bounds.MAC)
          @ValidationRule(
              value = "self.matches('" + Bounds.MAC_FORM + "')",
              message = "vtepMAC must be a MAC address, such as 12:c6:65:89:b4:e3")
          @Nullable String vtepMAC,
      @JsonPropertyDescription(
              "Backend type that the peer runs (vxlan, ipip, host-gw or wireguard), where it is another"
                  + " than the node's, as in a rollout:"
                  + " flannel leaves the peer's routes as they were, and only probes tell of it.")
          @Nullable BackendType backend) {}
}

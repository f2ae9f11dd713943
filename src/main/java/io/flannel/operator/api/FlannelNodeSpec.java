package io.flannel.operator.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a node should have, and whom its agent shall probe. Written by the operator alone. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record FlannelNodeSpec(
    @JsonPropertyDescription("Name of the FlannelNetwork that this node is part of.")
        @Required
        @Size(min = 1, max = 253)
        String network,
    @JsonPropertyDescription(
            "Backend type that the node should run: vxlan, ipip, host-gw or wireguard.")
        @Required
        BackendType backend,
    @JsonPropertyDescription("Tunnel device that should be there; left out for host-gw.")
        @Size(max = 15)
        @Nullable String device,
    @JsonPropertyDescription("MTU in bytes that pods should get; left out: the NIC's own.")
        @Min(576)
        @Max(65455)
        @Nullable Integer mtu,
    @JsonPropertyDescription("IPv4 range of the node's pods.")
        @Size(max = 18)
        @ValidationRule(
            value = "isCIDR(self) && cidr(self).ip().family() == 4",
            message = "subnet must be an IPv4 range in CIDR notation, such as 10.244.1.0/24")
        @Nullable String subnet,
    @JsonPropertyDescription("IPv6 range of the node's pods.")
        @Size(max = 43)
        @ValidationRule(
            value = "isCIDR(self) && cidr(self).ip().family() == 6",
            message =
                "ipv6Subnet must be an IPv6 range in CIDR notation, such as fd00:10:244:1::/64")
        @Nullable String ipv6Subnet,
    @JsonPropertyDescription("Address that peers send to.")
        @Size(max = 45)
        @ValidationRule(
            value = "isIP(self)",
            message = "publicIP must be an IP address, such as 192.168.0.81")
        @Nullable String publicIP,
    @JsonPropertyDescription("How to probe; left out: do not.") @Nullable Probe probe,
    @JsonPropertyDescription("The nodes to probe.") @MergeKey("name") @Size(max = 1024)
        @Nullable List<Peer> peers) {

  /** How to probe the peers. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Probe(
      @JsonPropertyDescription("Time between two probes of a peer, such as 2s.")
          @Required
          @ValidationRule(
              value = Durations.FROM_1S_TO_5M,
              message = "probe.interval must be a duration from 1s to 5m, such as 2s")
          @Size(max = 32)
          String interval,
      @JsonPropertyDescription("Probes lost in a row until a peer counts as unreachable.")
          @Required
          @Min(1)
          Integer failAfter,
      @JsonPropertyDescription("UDP port that the agents answer on.") @Required @Min(1) @Max(65535)
          Integer port) {}

  /** A node to probe. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Peer(
      @JsonPropertyDescription("Name of the peer's Node.") @Required @Size(min = 1, max = 253)
          String name,
      @JsonPropertyDescription("The peer's node address, on the underlay.")
          @Required
          @Size(max = 45)
          @ValidationRule(
              value = "isIP(self)",
              message = "address must be an IP address, such as 192.168.0.82")
          String address,
      @JsonPropertyDescription("The peer's address in the overlay; left out for host-gw.")
          @Size(max = 45)
          @ValidationRule(
              value = "isIP(self)",
              message = "overlayAddress must be an IP address, such as 10.244.2.0")
          @Nullable String overlayAddress,
      @JsonPropertyDescription("IPv4 range of the peer's pods.")
          @Size(max = 18)
          @ValidationRule(
              value = "isCIDR(self) && cidr(self).ip().family() == 4",
              message = "subnet must be an IPv4 range in CIDR notation, such as 10.244.2.0/24")
          @Nullable String subnet) {}
}

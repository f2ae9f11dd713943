package io.flannel.operator.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a node's agent saw. Written by that agent alone. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record FlannelNodeStatus(
    @JsonPropertyDescription("metadata.generation that this report was made from.")
        @Min(0)
        @Max(Bounds.WHOLE_NUMBER)
        @Nullable Long observedGeneration,
    @JsonPropertyDescription("When the agent last reported, RFC 3339.")
        @Size(max = Bounds.TIME)
        @Pattern(Bounds.TIME_FORM)
        @Nullable String reportedAt,
    @JsonPropertyDescription("The agent's version.")
        @Size(max = Bounds.SHORT_TEXT)
        @Pattern(Bounds.TEXT_FORM)
        @Nullable String agentVersion,
    @JsonPropertyDescription("When the agent started, RFC 3339.")
        @Size(max = Bounds.TIME)
        @Pattern(Bounds.TIME_FORM)
        @Nullable String agentSince,
    @JsonPropertyDescription("Whether the agent was told to stop, as at an upgrade.")
        @Nullable Boolean stopping,
    @JsonPropertyDescription("When the node booted, by its own clock, RFC 3339.")
        @Size(max = Bounds.TIME)
        @Pattern(Bounds.TIME_FORM)
        @Nullable String bootedAt,
    @JsonPropertyDescription("The tunnel device as it is.") @Nullable Device device,
    @JsonPropertyDescription(
            "Address of the pods' bridge, cni0, where there is one: what peers probe with host-gw.")
        @Size(max = Bounds.ADDRESS)
        @Pattern(Bounds.ADDRESS_FORM)
        @Nullable String bridgeAddress,
    @JsonPropertyDescription("The NIC that carries the overlay: the device with the public IP.")
        @Nullable Device nic,
    @JsonPropertyDescription(
            "The pods' bridge, cni0; left out until the node's first pod on the network makes it.")
        @Nullable Device bridge,
    @JsonPropertyDescription("What the agent found wrong on its node.") @Size(max = Bounds.FINDINGS)
        @Nullable List<Finding> findings,
    @JsonPropertyDescription("What the probes of each peer saw.") @Size(max = Bounds.PEERS)
        @Nullable List<PeerReport> peers) {

  /** A network device. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Device(
      @JsonPropertyDescription("Name, such as flannel.ipip.")
          @Required
          @Size(min = 1, max = Bounds.DEVICE)
          @Pattern(Bounds.DEVICE_FORM)
          String name,
      @JsonPropertyDescription("The kernel's kind: vxlan, ipip or wireguard.")
          @Size(max = Bounds.DEVICE_KIND)
          @Pattern(Bounds.TEXT_FORM)
          @Nullable String kind,
      @JsonPropertyDescription("Whether it is up.") @Nullable Boolean up,
      @JsonPropertyDescription("MTU in bytes.") @Min(0) @Max(Bounds.LARGEST_MTU)
          @Nullable Integer mtu,
      @JsonPropertyDescription(
              "Its address that matters to the overlay, with the prefix length, such as"
                  + " 10.244.1.0/32.")
          @Size(max = Bounds.CIDR)
          @Pattern(Bounds.CIDR_FORM)
          @Nullable String address) {}

  /** Where packets for a peer's pods leave the node. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Route(
      @JsonPropertyDescription(
              "What the route is for; left out where that is the peer's subnet itself.")
          @Size(max = Bounds.CIDR)
          @Pattern(Bounds.CIDR_FORM)
          @Nullable String destination,
      @JsonPropertyDescription("The next router; left out: none.")
          @Size(max = Bounds.ADDRESS)
          @Pattern(Bounds.ADDRESS_FORM)
          @Nullable String gateway,
      @JsonPropertyDescription("The device; left out: the route leads nowhere.")
          @Size(min = 1, max = Bounds.DEVICE)
          @Pattern(Bounds.DEVICE_FORM)
          @Nullable String device,
      @JsonPropertyDescription(
              "Whether the router counts as on the device's own link, whatever its address.")
          @Nullable Boolean onlink) {}

  /** Something wrong on the node. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Finding(
      @JsonPropertyDescription("The cause in one word.")
          @Required
          @Size(min = 1, max = Bounds.REASON)
          @Pattern(Bounds.REASON_FORM)
          String reason,
      @JsonPropertyDescription("What was seen.")
          @Size(max = Bounds.FINDING_MESSAGE)
          @Pattern(Bounds.TEXT_FORM)
          @Nullable String message,
      @JsonPropertyDescription("The peer concerned, if one.")
          @Size(min = 1, max = Bounds.NAME)
          @Pattern(Bounds.NAME_FORM)
          @Nullable String peer) {}

  /** What the probes of one peer saw. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record PeerReport(
      @JsonPropertyDescription("Name of the peer's Node.")
          @Required
          @Size(min = 1, max = Bounds.NAME)
          @Pattern(Bounds.NAME_FORM)
          String name,
      @JsonPropertyDescription("The node address at which it was probed.")
          @Size(max = Bounds.ADDRESS)
          @Pattern(Bounds.ADDRESS_FORM)
          @Nullable String address,
      @JsonPropertyDescription("Whether small packets pass through the overlay.")
          @Nullable Boolean overlay,
      @JsonPropertyDescription("Whether packets of the full MTU pass through the overlay.")
          @Nullable Boolean fullSize,
      @JsonPropertyDescription("Whether the peer's agent answers on its node address.")
          @Nullable Boolean underlay,
      @JsonPropertyDescription(
              "Whether the peer's node answers at all, if only by refusing a TCP connection; asked"
                  + " while its agent does not answer.")
          @Nullable Boolean alive,
      @JsonPropertyDescription(
              "Whether so many probes are lost that connections suffer: from 10% on, until fewer"
                  + " than 3% are.")
          @Nullable Boolean lossy,
      @JsonPropertyDescription(
              "Whether probes were lost of late that others of the same path were not: it may be on"
                  + " its way down.")
          @Nullable Boolean losing,
      @JsonPropertyDescription("Lost probes in percent, over the last twenty seconds or so.")
          @Min(0)
          @Max(100)
          @Nullable Integer lossPercent,
      @JsonPropertyDescription("Median round-trip time in microseconds, rounded.")
          @Min(0)
          @Max(Bounds.LONGEST_RTT_MICROS)
          @Nullable Integer rttP50Micros,
      @JsonPropertyDescription("99th percentile of the round-trip time in microseconds.")
          @Min(0)
          @Max(Bounds.LONGEST_RTT_MICROS)
          @Nullable Integer rttP99Micros,
      @JsonPropertyDescription("Since when this state holds, RFC 3339.")
          @Size(max = Bounds.TIME)
          @Pattern(Bounds.TIME_FORM)
          @Nullable String since,
      @JsonPropertyDescription("The kernel's route to the peer's pods; left out: there is none.")
          @Nullable Route route) {

    /** Returns this report with another route. */
    public PeerReport with(@Nullable Route other) {
      return new PeerReport(
          name,
          address,
          overlay,
          fullSize,
          underlay,
          alive,
          lossy,
          losing,
          lossPercent,
          rttP50Micros,
          rttP99Micros,
          since,
          other);
    }
  }
}

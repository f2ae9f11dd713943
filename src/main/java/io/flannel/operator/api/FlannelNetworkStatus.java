package io.flannel.operator.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the operator sees of the overlay. Written by the operator alone. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record FlannelNetworkStatus(
    @JsonPropertyDescription("metadata.generation that this status was made from.")
        @Min(-1)
        @Max(Bounds.WHOLE_NUMBER)
        @Nullable Long observedGeneration,
    @JsonPropertyDescription(
            "Accepted: the spec can be carried out on this cluster. Ready: every node has what the"
                + " spec says, and packets pass. TunnelsHealthy: packets pass between all nodes."
                + " Reconciling: a change is on its way. Stalled: it goes no further without help.")
        @MergeKey("type")
        @Size(max = Bounds.KINDS)
        @Nullable List<StatusCondition> conditions,
    @JsonPropertyDescription("What is in force, with every default spelled out.")
        @Nullable Applied applied,
    @JsonPropertyDescription(
            "What the spec would change of the flannel that runs, and what that would cut. Left out"
                + " where both are the same. With paused: true, a plan to read beforehand.")
        @Nullable Change change,
    @JsonPropertyDescription("How far the present configuration has reached the nodes.")
        @Nullable Rollout rollout,
    @JsonPropertyDescription("Nodes by state.") @Nullable Summary summary,
    @JsonPropertyDescription("The nodes, those with a problem first.")
        @MergeKey("name")
        @Size(max = Bounds.LISTED_NODES)
        @Nullable List<NodeStatus> nodes,
    @JsonPropertyDescription(
            "How many nodes are not in nodes[], which has 500 at most, the worst first, to keep this"
                + " object small.")
        @Min(0)
        @Max(Bounds.NODES)
        @Nullable Integer nodesOmitted,
    @JsonPropertyDescription("What is wrong, one entry for all nodes with the same cause.")
        @MergeKey("reason")
        @Size(max = Bounds.KINDS)
        @Nullable List<Problem> problems,
    @JsonPropertyDescription(
            "The flannel that was in the cluster before this operator; left out once it is taken over.")
        @Nullable Adoption adoption) {

  /** A flannel that this operator did not install. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Adoption(
      @JsonPropertyDescription("Its DaemonSet, as namespace/name.")
          @Size(max = Bounds.NAME + 1 + Bounds.NAME)
          @Nullable String daemonSet,
      @JsonPropertyDescription(
              "Refused: it is left as it is. TakingOver: node after node, the present configuration"
                  + " takes its place. Paused: it can be taken over, and spec.paused holds that.")
          @Nullable Stage phase,
      @JsonPropertyDescription("The state in a sentence.") @Size(max = Bounds.MESSAGE)
          @Nullable String message,
      @JsonPropertyDescription("Each field of the spec that differs from it in effect.")
          @MergeKey("field")
          @Size(max = Bounds.KINDS)
          @Nullable List<Difference> differences,
      @JsonPropertyDescription("Its settings that no field of a FlannelNetwork says.")
          @Size(max = Bounds.KINDS)
          @Nullable List<@Size(max = Bounds.VALUE) String> unsupported,
      @JsonPropertyDescription(
              "A FlannelNetwork that takes it over as it is, as a manifest for `kubectl apply -f -`:"
                  + " kubectl get fnet default -o jsonpath='{.status.adoption.matching}' prints it.")
          @Size(max = Bounds.MANIFEST)
          @MultiLine
          @Nullable String matching) {

    public enum Stage {
      /** Nothing is done. */
      @JsonProperty("Refused")
      REFUSED,
      /** Nodes are being adopted. */
      @JsonProperty("TakingOver")
      TAKING_OVER,
      /** Held by {@code spec.paused}. */
      @JsonProperty("Paused")
      PAUSED
    }
  }

  /** The configuration in force. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Applied(
      @JsonPropertyDescription("Backend type: vxlan, ipip, host-gw or wireguard.")
          @Nullable BackendType backend,
      @JsonPropertyDescription("Whether nodes on one L2 are reached without encapsulation.")
          @Nullable Boolean directRouting,
      @JsonPropertyDescription("IPv4 range of all pods.")
          @Size(max = Bounds.CIDR)
          @Pattern(Bounds.CIDR_FORM)
          @Nullable String cidr,
      @JsonPropertyDescription("IPv6 range of all pods.")
          @JsonProperty("ipv6CIDR")
          @Size(max = Bounds.CIDR)
          @Pattern(Bounds.CIDR_FORM)
          @Nullable String ipv6CIDR,
      @JsonPropertyDescription(
              "MTU in bytes that pods get; left out where nodes differ, or where it is not known yet.")
          @Min(0)
          @Max(Bounds.LARGEST_MTU)
          @Nullable Integer mtu,
      @JsonPropertyDescription("Hash that names the net-conf ConfigMap, kube-flannel-cfg-<hash>.")
          @Size(max = Bounds.SHORT_TEXT)
          @Nullable String configHash,
      @JsonPropertyDescription("flannel's version: the tag or digest of its image.")
          @Size(max = Bounds.IMAGE_VERSION)
          @Nullable String flannelVersion) {}

  /** What the spec asks for and does not run yet, and its impact. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Change(
      @JsonPropertyDescription(
              "Live: packets keep flowing. Disruptive: it cuts traffic, and is carried out only with"
                  + " rollout.disruption: Allow. Refused: it can't be carried out on this cluster.")
          @Nullable Impact impact,
      @JsonPropertyDescription("Each field of the spec that differs from what runs.")
          @MergeKey("field")
          @Size(max = Bounds.KINDS)
          @Nullable List<Difference> differences,
      @JsonPropertyDescription(
              "What it means: what is cut, for about how long and on which nodes, or why it is"
                  + " refused and the way out; and what else to know before.")
          @Size(max = Bounds.MESSAGE)
          @Nullable String message) {

    /** What a change does to packets. */
    public enum Impact {
      /** They keep flowing. */
      @JsonProperty("Live")
      LIVE,
      /** Some are cut off. */
      @JsonProperty("Disruptive")
      DISRUPTIVE,
      /** It is not carried out, even if disruption is allowed. */
      @JsonProperty("Refused")
      REFUSED
    }
  }

  /** A field that asks for something other than what runs. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Difference(
      @JsonPropertyDescription("Path of the field below spec, such as backend.type.")
          @Required
          @Size(min = 1, max = Bounds.REASON)
          String field,
      @JsonPropertyDescription("What runs; left out where nothing is set.")
          @Size(max = Bounds.VALUE)
          @Nullable String from,
      @JsonPropertyDescription("What the spec asks for; left out where nothing is set.")
          @Size(max = Bounds.VALUE)
          @Nullable String to) {}

  /** Progress of the DaemonSet's pods toward the current configuration. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Rollout(
      @JsonPropertyDescription(
              "Complete: every node runs the present configuration. Progressing: nodes are being"
                  + " changed. Stalled: no progress until rollout.progressDeadline. Paused:"
                  + " spec.paused holds it. RollingBack: it failed, and the nodes go back to the"
                  + " configuration before. RolledBack: all of them have.")
          @Nullable Phase phase,
      @JsonPropertyDescription(
              "Nodes that run the present configuration and reach again all that they reached"
                  + " before.")
          @Min(0)
          @Max(Bounds.NODES)
          @Nullable Integer updated,
      @JsonPropertyDescription("Nodes that should run flannel.") @Min(0) @Max(Bounds.NODES)
          @Nullable Integer total,
      @JsonPropertyDescription("Hash of the configuration before this rollout.")
          @Size(max = Bounds.SHORT_TEXT)
          @Nullable String from,
      @JsonPropertyDescription("Hash of the present configuration.") @Size(max = Bounds.SHORT_TEXT)
          @Nullable String to,
      @JsonPropertyDescription("When this rollout began, RFC 3339.")
          @Size(max = Bounds.TIME)
          @Pattern(Bounds.TIME_FORM)
          @Nullable String startedAt,
      @JsonPropertyDescription("When a further node was last done, RFC 3339.")
          @Size(max = Bounds.TIME)
          @Pattern(Bounds.TIME_FORM)
          @Nullable String progressedAt,
      @JsonPropertyDescription(
              "When it should be through if the other nodes take as long, RFC 3339; left out before"
                  + " the first node is done, and when that time is over.")
          @Size(max = Bounds.TIME)
          @Pattern(Bounds.TIME_FORM)
          @Nullable String expectedEnd,
      @JsonPropertyDescription("The state in a sentence.") @Size(max = Bounds.MESSAGE)
          @Nullable String message) {

    public enum Phase {
      /** Every node is done. */
      @JsonProperty("Complete")
      COMPLETE,
      /** Nodes are being changed. */
      @JsonProperty("Progressing")
      PROGRESSING,
      /** No progress before the deadline. */
      @JsonProperty("Stalled")
      STALLED,
      /** Held by {@code spec.paused}. */
      @JsonProperty("Paused")
      PAUSED,
      /** It failed, and the nodes are being rolled back. */
      @JsonProperty("RollingBack")
      ROLLING_BACK,
      /** It failed, and all nodes have been rolled back. */
      @JsonProperty("RolledBack")
      ROLLED_BACK;

      /** Whether nothing more will happen by itself. */
      public static boolean isOver(@Nullable Phase phase) {
        return phase == COMPLETE || phase == ROLLED_BACK;
      }
    }
  }

  /** Nodes by state. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Summary(
      @JsonPropertyDescription("Nodes that should be part of the network.")
          @Min(0)
          @Max(Bounds.NODES)
          @Nullable Integer nodes,
      @JsonPropertyDescription("Nodes with a valid subnet lease.") @Min(0) @Max(Bounds.NODES)
          @Nullable Integer leased,
      @JsonPropertyDescription("Nodes whose tunnels pass packets.") @Min(0) @Max(Bounds.NODES)
          @Nullable Integer healthy,
      @JsonPropertyDescription("Nodes whose tunnels lose some packets or some peers.")
          @Min(0)
          @Max(Bounds.NODES)
          @Nullable Integer degraded,
      @JsonPropertyDescription("Nodes that reach no peer.") @Min(0) @Max(Bounds.NODES)
          @Nullable Integer down,
      @JsonPropertyDescription("Nodes whose tunnels are not measured.") @Min(0) @Max(Bounds.NODES)
          @Nullable Integer unknown) {}

  /** One node's part of the network. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record NodeStatus(
      @JsonPropertyDescription("Name of the Node.") @Required @Size(min = 1, max = Bounds.NAME)
          String name,
      @JsonPropertyDescription("Whether the node holds a valid subnet lease of this backend.")
          @Nullable Boolean leased,
      @JsonPropertyDescription("IPv4 range of the node's pods: its podCIDR.")
          @Size(max = Bounds.CIDR)
          @Pattern(Bounds.CIDR_FORM)
          @Nullable String subnet,
      @JsonPropertyDescription("IPv6 range of the node's pods.")
          @Size(max = Bounds.CIDR)
          @Pattern(Bounds.CIDR_FORM)
          @Nullable String ipv6Subnet,
      @JsonPropertyDescription("Address that peers send to, as flannel published it.")
          @Size(max = Bounds.ADDRESS)
          @Pattern(Bounds.ADDRESS_FORM)
          @Nullable String publicIP,
      @JsonPropertyDescription("Backend type that flannel published; it can differ in a rollout.")
          @Size(max = Bounds.SHORT_TEXT)
          @Nullable String backend,
      @JsonPropertyDescription("Tunnel device of that backend; none for host-gw.")
          @Size(max = Bounds.SHORT_TEXT)
          @Nullable String device,
      @JsonPropertyDescription("MTU in bytes of the tunnel device, as its agent saw it.")
          @Min(0)
          @Max(Bounds.LARGEST_MTU)
          @Nullable Integer mtu,
      @JsonPropertyDescription(
              "Verdict on the node's tunnels: Healthy, Degraded (some packets or peers are lost, or pods"
                  + " will suffer), Down (no peer is reached) or Unknown (not measured). Of a fault,"
                  + " it is told at the node that has it: one whose peer is down is Healthy.")
          @Nullable Tunnel tunnel,
      @JsonPropertyDescription("What is wrong with the node, in one word; problems[] explains it.")
          @Size(max = Bounds.REASON)
          @Nullable String reason,
      @JsonPropertyDescription("Median round-trip time to its peers, rounded, such as 0.4ms.")
          @Size(max = Bounds.SHORT_TEXT)
          @Nullable String rttP50,
      @JsonPropertyDescription("99th percentile of it, to a typical peer, rounded.")
          @Size(max = Bounds.SHORT_TEXT)
          @Nullable String rttP99,
      @JsonPropertyDescription("Peers reached of peers probed, such as 63/63.")
          @Size(max = Bounds.SHORT_TEXT)
          @Nullable String peersReachable,
      @JsonPropertyDescription("Since when reason holds, RFC 3339.")
          @Size(max = Bounds.TIME)
          @Pattern(Bounds.TIME_FORM)
          @Nullable String since) {}

  /** Verdict on a node's tunnels. */
  public enum Tunnel {
    /** Packets pass. */
    @JsonProperty("Healthy")
    HEALTHY,
    /** Some packets or some peers are lost, or something is wrong that will affect pods. */
    @JsonProperty("Degraded")
    DEGRADED,
    /** No peer is reached. */
    @JsonProperty("Down")
    DOWN,
    /** Not measured. */
    @JsonProperty("Unknown")
    UNKNOWN
  }

  /** Something wrong, on one node or many. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Problem(
      @JsonPropertyDescription("The cause in one word; docs/troubleshooting.md has a section each.")
          @Required
          @Size(min = 1, max = Bounds.REASON)
          String reason,
      @JsonPropertyDescription("What is wrong, in a sentence.")
          @Required
          @Size(max = Bounds.MESSAGE)
          String message,
      @JsonPropertyDescription("The nodes concerned; of many, the first by name.")
          @Size(max = Bounds.NAMED_NODES)
          @Nullable List<@Size(max = Bounds.NAME) String> nodes,
      @JsonPropertyDescription("Since when, RFC 3339.")
          @Size(max = Bounds.TIME)
          @Pattern(Bounds.TIME_FORM)
          @Nullable String since,
      @JsonPropertyDescription("What to do about it.") @Size(max = Bounds.MESSAGE)
          @Nullable String remedy) {}
}

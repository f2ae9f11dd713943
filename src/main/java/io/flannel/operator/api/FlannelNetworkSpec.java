package io.flannel.operator.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import org.jspecify.annotations.Nullable;

/** What the administrator wants of the overlay. */
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(
    value = "has(self.cidr) || has(self.ipv6CIDR)",
    message = "the network needs an address range: set cidr, ipv6CIDR or both")
@ValidationRule(
    value = "self.backend.type != 'ipip' || !has(self.ipv6CIDR)",
    message =
        "flannel's ipip carries IPv4 only: remove ipv6CIDR, or use backend type vxlan, host-gw or"
            + " wireguard",
    fieldPath = ".ipv6CIDR")
@ValidationRule(
    value = "!has(self.mtu) || !has(self.ipv6CIDR) || self.mtu >= 1280",
    message = "IPv6 needs an MTU of at least 1280: raise mtu or remove ipv6CIDR",
    fieldPath = ".mtu")
@ValidationRule(
    value =
        "(has(self.health) && has(self.health.enabled) && !self.health.enabled) ||"
            + " (has(self.health) && has(self.health.port) ? self.health.port : 8473) !="
            + " (self.backend.type == 'vxlan' ? (has(self.backend.vxlan) &&"
            + " has(self.backend.vxlan.port) ? self.backend.vxlan.port : 8472) :"
            + " self.backend.type == 'wireguard' ? (has(self.backend.wireguard) &&"
            + " has(self.backend.wireguard.port) ? self.backend.wireguard.port : 51820) : 0)",
    message =
        "health.port and the tunnel's own UDP port"
            + " are the same: set another health.port, such as 9473",
    fieldPath = ".health.port")
public record FlannelNetworkSpec(
    @JsonPropertyDescription(
            "IPv4 range of all pods, such as 10.244.0.0/16. Every node's podCIDR must lie in it; it"
                + " is the controller-manager's --cluster-cidr.")
        @Size(max = 64)
        @ValidationRule(
            value = "isCIDR(self) && cidr(self).ip().family() == 4",
            message = "cidr must be an IPv4 range in CIDR notation, such as 10.244.0.0/16")
        @ValidationRule(
            value =
                "!isCIDR(self) || cidr(self).ip().family() != 4 || cidr(self) == cidr(self).masked()",
            message =
                "cidr has bits set behind its prefix: write the range's first address, such as"
                    + " 10.244.0.0/16 for 10.244.3.7/16")
        @ValidationRule(
            value =
                "!isCIDR(self) || cidr(self).ip().family() != 4 || cidr(self).prefixLength() <= 29",
            message =
                "cidr is too small for two nodes: use a /29 or wider; each node takes a podCIDR of"
                    + " its own from it, usually a /24")
        @ValidationRule(
            value =
                "!isCIDR(self) || cidr(self).ip().family() != 4 || (cidr(self).prefixLength() >= 8 &&"
                    + " cidr(self).ip().isGlobalUnicast())",
            message =
                "cidr must be a unicast range of at most a /8, such as 10.244.0.0/16: loopback,"
                    + " link-local and multicast addresses cannot be routed to pods")
        @Nullable String cidr,
    @JsonPropertyDescription(
            "IPv6 range of all pods, such as fd00:10:244::/56, for dual-stack (with cidr) or"
                + " IPv6-only networks. Not with ipip.")
        @JsonProperty("ipv6CIDR")
        @Size(max = 64)
        @ValidationRule(
            value = "isCIDR(self) && cidr(self).ip().family() == 6",
            message = "ipv6CIDR must be an IPv6 range in CIDR notation, such as fd00:10:244::/56")
        @ValidationRule(
            value =
                "!isCIDR(self) || cidr(self).ip().family() != 6 || cidr(self) == cidr(self).masked()",
            message =
                "ipv6CIDR has bits set behind its prefix: write the range's first address, such as"
                    + " fd00:10:244::/56 for fd00:10:244::7/56")
        @ValidationRule(
            value =
                "!isCIDR(self) || cidr(self).ip().family() != 6 || cidr(self).prefixLength() <= 125",
            message =
                "ipv6CIDR is too small for two nodes: use a /125 or wider; each node takes a"
                    + " podCIDR of its own from it, usually a /64")
        @ValidationRule(
            value =
                "!isCIDR(self) || cidr(self).ip().family() != 6 || (cidr(self).prefixLength() >= 8 &&"
                    + " cidr(self).ip().isGlobalUnicast())",
            message =
                "ipv6CIDR must be a unicast range of at most a /8, such as fd00:10:244::/56:"
                    + " loopback, link-local and multicast addresses cannot be routed to pods")
        @Nullable String ipv6CIDR,
    @JsonPropertyDescription("How packets travel between nodes.") @Required BackendSpec backend,
    @JsonPropertyDescription(
            "MTU in bytes that pods get, on every node and backend. Left out, each node's is its own"
                + " NIC's less the backend's overhead (vxlan 50, ipip 20, wireguard 80, host-gw 0)."
                + " Pods that run keep theirs until they restart.")
        @Min(576)
        @Max(65455)
        @Nullable Integer mtu,
    @JsonPropertyDescription(
            "Which of a node's interfaces carries the overlay. Left out: that of the default route.")
        @JsonProperty("interface")
        @Nullable InterfaceSpec iface,
    @JsonPropertyDescription(
            "Masquerade packets from pods to destinations outside the network (flanneld --ip-masq).")
        @Default("true")
        @Nullable Boolean ipMasq,
    @JsonPropertyDescription(
            "Use nftables instead of iptables for masquerading and forwarding rules. The nodes'"
                + " kernels must have nf_tables.")
        @Default("false")
        @Nullable Boolean nftables,
    @JsonPropertyDescription("The CNI configuration and plugin that flannel puts on each node.")
        @Nullable CniSpec cni,
    @JsonPropertyDescription("flannel's own pods.") @Nullable FlannelSpec flannel,
    @JsonPropertyDescription("How tunnel health is measured.") @Nullable HealthSpec health,
    @JsonPropertyDescription("How a change reaches the nodes.") @Nullable RolloutSpec rollout,
    @JsonPropertyDescription(
            "What deleting this object does to the overlay. Retain leaves flannel running and"
                + " untouched; Cleanup takes flannel off the nodes (devices, routes, rules, CNI"
                + " configuration, annotations) and deletes its objects with namespace"
                + " kube-flannel, which cuts the pods' network. It holds once the object has the"
                + " finalizer flannel.io/cleanup.")
        @Default("Retain")
        @Nullable DeletionPolicy deletionPolicy,
    @JsonPropertyDescription(
            "Write nothing to the cluster but this object's status, which goes on being reported,"
                + " its finalizer and Events.")
        @Default("false")
        @Nullable Boolean paused) {

  /** What deleting the FlannelNetwork does. */
  public enum DeletionPolicy {
    /** flannel keeps running, and its objects stay as they are. */
    @JsonProperty("Retain")
    RETAIN,
    /**
     * flannel is removed from the nodes, and the objects that the operator rendered are deleted.
     */
    @JsonProperty("Cleanup")
    CLEANUP
  }
}

package io.flannel.operator.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import org.jspecify.annotations.Nullable;

/** The backend and its options; options of a backend other than the chosen one are rejected. */
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(
    value = "!has(self.vxlan) || self.type == 'vxlan'",
    message = "vxlan options belong to backend type vxlan: remove backend.vxlan or set type: vxlan",
    fieldPath = ".vxlan")
@ValidationRule(
    value = "!has(self.wireguard) || self.type == 'wireguard'",
    message =
        "wireguard options belong to backend type wireguard: remove backend.wireguard or set type:"
            + " wireguard",
    fieldPath = ".wireguard")
@ValidationRule(
    value =
        "!has(self.directRouting) || !self.directRouting || self.type == 'vxlan' || self.type =="
            + " 'ipip'",
    message =
        "directRouting is an option of vxlan and ipip: host-gw always routes directly and wireguard"
            + " never does; remove it or change the type",
    fieldPath = ".directRouting")
public record BackendSpec(
    @JsonPropertyDescription(
            "How packets travel between nodes. vxlan: Ethernet in UDP, 50 bytes, works on any"
                + " underlay. ipip: IPv4 in IPv4 (protocol 4), 20 bytes, IPv4 only. host-gw: plain"
                + " routes, 0 bytes, all nodes on one L2. wireguard: encrypted UDP, 80 bytes.")
        @Required
        BackendType type,
    @JsonPropertyDescription(
            "Route directly, without encapsulation, to nodes that are on the same L2; encapsulate"
                + " to the others. For vxlan and ipip.")
        @Default("false")
        @Nullable Boolean directRouting,
    @JsonPropertyDescription("Options of backend type vxlan.") @Nullable Vxlan vxlan,
    @JsonPropertyDescription("Options of backend type wireguard.") @Nullable Wireguard wireguard) {

  /** Options of {@code vxlan}. Changing any of them makes flannel recreate its device. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Vxlan(
      @JsonPropertyDescription(
              "VXLAN network identifier; the device is flannel.<vni>. 1 to 16777215. flannel itself"
                  + " does not check the range.")
          @Min(0)
          @Max(Integer.MAX_VALUE)
          @ValidationRule(
              value = "self >= 1 && self <= 16777215",
              message = "vni must be from 1 to 16777215")
          @Default("1")
          @Nullable Integer vni,
      @JsonPropertyDescription(
              "UDP port of encapsulated packets; open it between the nodes. 8472 is the Linux"
                  + " kernel's, 4789 the registered one. 1 to 65535.")
          @Min(1)
          @Max(65535)
          @Default("8472")
          @Nullable Integer port,
      @JsonPropertyDescription(
              "VXLAN Group Based Policy: carry the packet mark in the VXLAN header.")
          @Default("false")
          @Nullable Boolean gbp) {}

  /** Options of {@code wireguard}. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Wireguard(
      @JsonPropertyDescription(
              "UDP port that WireGuard listens on for IPv4, 1 to 65534; the next one serves IPv6. Open"
                  + " them between the nodes.")
          @Min(1)
          @Max(65534)
          @Default("51820")
          @Nullable Integer port,
      @JsonPropertyDescription(
              "Seconds between keepalives, for nodes behind NAT. 0 sends none. 0 to 65535.")
          @Min(0)
          @Max(65535)
          @Default("25")
          @Nullable Integer keepaliveSeconds,
      @JsonPropertyDescription(
              "Secret with a pre-shared key, as `wg genpsk` prints it, added to every tunnel. It"
                  + " is read by the nodes' kubelets, never by the operator. A changed key takes"
                  + " effect when flannel's pods restart.")
          @Nullable SecretKey pskSecret) {}

  /** One key of a Secret in flannel's namespace, {@code kube-flannel}. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record SecretKey(
      @JsonPropertyDescription("Name of the Secret, in namespace kube-flannel.")
          @Required
          @Size(min = 1, max = 253)
          String name,
      @JsonPropertyDescription("Key in the Secret's data.")
          @Default("psk")
          @Size(min = 1, max = 253)
          @Nullable String key) {}
}

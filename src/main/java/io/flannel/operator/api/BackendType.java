package io.flannel.operator.api;

import com.fasterxml.jackson.annotation.JsonProperty;

/** How packets travel between nodes; the names are those of flannel's net-conf.json. */
public enum BackendType {
  /** Ethernet in UDP; one L2 overlay across any underlay. 50 bytes a packet. */
  @JsonProperty("vxlan")
  VXLAN("vxlan"),
  /** IPv4 in IPv4, protocol 4. 20 bytes a packet. IPv4 only. */
  @JsonProperty("ipip")
  IPIP("ipip"),
  /** Plain routes to the peers' addresses; all nodes must share one L2. 0 bytes a packet. */
  @JsonProperty("host-gw")
  HOST_GW("host-gw"),
  /** Encrypted, in UDP. 80 bytes a packet as flannel counts. */
  @JsonProperty("wireguard")
  WIREGUARD("wireguard");

  private final String wireName;

  BackendType(String wireName) {
    this.wireName = wireName;
  }

  /** The name in manifests, in net-conf.json and in the nodes' {@code backend-type} annotation. */
  public String wireName() {
    return wireName;
  }
}

package io.flannel.operator.api;

import io.flannel.operator.api.FlannelNodeSpec.Peer;
import io.flannel.operator.api.FlannelNodeSpec.Probe;
import io.flannel.operator.api.FlannelNodeSpec.Vxlan;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A FlannelNode's spec for tests, which has only what it is given. */
public final class FlannelNodeSpecBuilder {
  private final BackendType backend;
  private String network = "default";
  private @Nullable String device;
  private @Nullable Boolean directRouting;
  private @Nullable Vxlan vxlan;
  private @Nullable Integer mtu;
  private @Nullable String cidr;
  private @Nullable String ipv6Cidr;
  private @Nullable String subnet;
  private @Nullable String ipv6Subnet;
  private @Nullable String publicIp;
  private @Nullable Probe probe;
  private List<Peer> peers = List.of();
  private @Nullable Boolean allPeers = true;

  private FlannelNodeSpecBuilder(BackendType backend) {
    this.backend = backend;
  }

  /** Starts with network {@code default}, no peers, and these are all. */
  public static FlannelNodeSpecBuilder nodeSpec(BackendType backend) {
    return new FlannelNodeSpecBuilder(backend);
  }

  /** Starts with a copy of this spec. */
  public static FlannelNodeSpecBuilder like(FlannelNodeSpec other) {
    FlannelNodeSpecBuilder copy =
        nodeSpec(other.backend())
            .network(other.network())
            .device(other.device())
            .directRouting(other.directRouting())
            .vxlan(other.vxlan())
            .mtu(other.mtu())
            .cidr(other.cidr())
            .ipv6Cidr(other.ipv6CIDR())
            .subnet(other.subnet())
            .ipv6Subnet(other.ipv6Subnet())
            .publicIp(other.publicIP())
            .probe(other.probe())
            .peers(other.peers());
    copy.allPeers = other.allPeers();
    return copy;
  }

  public FlannelNodeSpecBuilder network(String name) {
    network = name;
    return this;
  }

  public FlannelNodeSpecBuilder device(@Nullable String name) {
    device = name;
    return this;
  }

  public FlannelNodeSpecBuilder directRouting(@Nullable Boolean direct) {
    directRouting = direct;
    return this;
  }

  public FlannelNodeSpecBuilder vxlan(@Nullable Vxlan options) {
    vxlan = options;
    return this;
  }

  public FlannelNodeSpecBuilder mtu(@Nullable Integer bytes) {
    mtu = bytes;
    return this;
  }

  public FlannelNodeSpecBuilder cidr(@Nullable String range) {
    cidr = range;
    return this;
  }

  public FlannelNodeSpecBuilder ipv6Cidr(@Nullable String range) {
    ipv6Cidr = range;
    return this;
  }

  public FlannelNodeSpecBuilder subnet(@Nullable String range) {
    subnet = range;
    return this;
  }

  public FlannelNodeSpecBuilder ipv6Subnet(@Nullable String range) {
    ipv6Subnet = range;
    return this;
  }

  public FlannelNodeSpecBuilder publicIp(@Nullable String address) {
    publicIp = address;
    return this;
  }

  public FlannelNodeSpecBuilder probe(@Nullable Probe settings) {
    probe = settings;
    return this;
  }

  public FlannelNodeSpecBuilder peers(List<Peer> others) {
    peers = others;
    return this;
  }

  /** Whether these are all peers that the node should have. */
  public FlannelNodeSpecBuilder allPeers(boolean all) {
    allPeers = all;
    return this;
  }

  public FlannelNodeSpec get() {
    return new FlannelNodeSpec(
        network,
        backend,
        device,
        directRouting,
        vxlan,
        mtu,
        cidr,
        ipv6Cidr,
        subnet,
        ipv6Subnet,
        publicIp,
        probe,
        peers,
        allPeers);
  }
}

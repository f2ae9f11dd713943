package io.flannel.operator.flannel;

import io.flannel.operator.flannel.ClusterNode.Readiness;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Nodes for tests: {@code node("n1").podCidr("10.244.1.0/24").leased("ipip", "192.168.0.81")}. */
public final class Nodes {
  private final String name;
  private final Map<String, String> labels = new HashMap<>(Map.of("kubernetes.io/os", "linux"));
  private final List<ClusterNode.Taint> taints = new ArrayList<>();
  private final List<String> podCidrs = new ArrayList<>();
  private final List<String> internalIps = new ArrayList<>();
  private final Map<String, String> flannel = new HashMap<>();
  private Readiness readiness = Readiness.READY;
  private String kubelet = "v1.34.1";

  private Nodes(String name) {
    this.name = name;
  }

  /** A Linux node without podCIDR, address and lease. */
  public static Nodes node(String name) {
    return new Nodes(name);
  }

  /** Starts with a copy of this node. */
  public static Nodes like(ClusterNode other) {
    Nodes copy = new Nodes(other.name());
    copy.labels.clear();
    copy.labels.putAll(other.labels());
    copy.taints.addAll(other.taints());
    copy.podCidrs.addAll(other.podCidrs());
    copy.internalIps.addAll(other.internalIps());
    copy.flannel.putAll(other.flannel());
    copy.readiness = other.readiness();
    return copy.kubelet(other.kubelet());
  }

  public Nodes podCidr(String... texts) {
    podCidrs.addAll(List.of(texts));
    return this;
  }

  public Nodes internalIp(String... texts) {
    internalIps.addAll(List.of(texts));
    return this;
  }

  public Nodes label(String key, String value) {
    labels.put(key, value);
    return this;
  }

  public Nodes without(String label) {
    labels.remove(label);
    return this;
  }

  public Nodes taint(String key, String value, String effect) {
    taints.add(new ClusterNode.Taint(key, value, effect));
    return this;
  }

  /** Kubernetes has not heard from the node's kubelet for a while. */
  public Nodes lost() {
    readiness = Readiness.LOST;
    return this;
  }

  /** The node's kubelet reports that it is not ready. */
  public Nodes notReady() {
    readiness = Readiness.NOT_READY;
    return this;
  }

  /** Registers the node as flanneld does for one with an IPv4 address. */
  public Nodes leased(String backendType, String publicIp) {
    return flannel("kube-subnet-manager", "true")
        .flannel("backend-type", backendType)
        .flannel("public-ip", publicIp);
  }

  /** Registers the node as flanneld does in a dual-stack network. */
  public Nodes leased(String backendType, String publicIp, String publicIpv6) {
    return leased(backendType, publicIp).flannel("public-ipv6", publicIpv6);
  }

  /**
   * Sets one of flannel's annotations.
   *
   * @param key without flannel's prefix
   */
  public Nodes flannel(String key, String value) {
    flannel.put(key, value);
    return this;
  }

  public Nodes kubelet(String version) {
    kubelet = version;
    return this;
  }

  public ClusterNode get() {
    return new ClusterNode(
        name,
        Map.copyOf(labels),
        List.copyOf(taints),
        List.copyOf(podCidrs),
        List.copyOf(internalIps),
        Map.copyOf(flannel),
        readiness,
        Instant.parse("2026-11-01T00:00:00Z"),
        kubelet);
  }

  public static List<ClusterNode> list(Nodes... nodes) {
    return Stream.of(nodes).map(Nodes::get).toList();
  }
}

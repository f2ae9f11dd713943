package io.flannel.operator.flannel;

import static java.util.Objects.requireNonNullElse;

import io.flannel.operator.api.BackendSpec;
import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.Bounds;
import io.flannel.operator.api.FlannelNodeSpec;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Ethernet in UDP (pkg/backend/vxlan).
 *
 * @param vni network identifier; names the device
 * @param port UDP port on the underlay
 * @param gbp whether the packet mark travels in the VXLAN header
 */
public record BackendVxlan(int vni, int port, boolean gbp, boolean directRouting)
    implements Backend {
  /** flannel's default. */
  private static final int DEFAULT_VNI = 1;

  /** The Linux kernel's default, which applies if flannel leaves the port at 0. */
  private static final int DEFAULT_PORT = 8472;

  static BackendVxlan of(BackendSpec.@Nullable Vxlan written, boolean directRouting) {
    BackendSpec.Vxlan options = written == null ? new BackendSpec.Vxlan(null, null, null) : written;
    return new BackendVxlan(
        requireNonNullElse(options.vni(), DEFAULT_VNI),
        requireNonNullElse(options.port(), DEFAULT_PORT),
        Boolean.TRUE.equals(options.gbp()),
        directRouting);
  }

  /** Reads the options of a net-conf.json. */
  static BackendSpec.Vxlan read(GoJson conf) {
    return new BackendSpec.Vxlan(conf.nonZero("VNI"), conf.nonZero("Port"), conf.flag("GBP"));
  }

  @Override
  public BackendType type() {
    return BackendType.VXLAN;
  }

  @Override
  public Optional<String> device(Cidr.Family family) {
    return Optional.of((family == Cidr.Family.IPV4 ? "flannel." : "flannel-v6.") + vni);
  }

  @Override
  public Optional<String> deviceNames() {
    return Optional.of("flannel(-v6)?[.][0-9]{1,8}");
  }

  @Override
  public Optional<String> linkType() {
    return Optional.of(
        "vxlan id %d dstport %d nolearning%s".formatted(vni, port, gbp ? " gbp" : ""));
  }

  @Override
  public int overhead() {
    return 50;
  }

  /** VXLAN6_HEADROOM in the kernel's include/net/vxlan.h. */
  @Override
  public OptionalInt ipv6Headroom() {
    return OptionalInt.of(70);
  }

  @Override
  public boolean hasMtu() {
    return true;
  }

  @Override
  public Optional<Encapsulation> encapsulation() {
    return Optional.of(Encapsulation.udp(port));
  }

  @Override
  public OptionalInt networkId() {
    return OptionalInt.of(vni);
  }

  @Override
  public Optional<String> tunnelHeader() {
    return Optional.of("VXLAN, VNI " + vni);
  }

  @Override
  public boolean carriesEthernet() {
    return true;
  }

  /**
   * pkg/backend/vxlan/device.go, vxlanLinksIncompat, says what makes flanneld recreate the device.
   */
  @Override
  public OptionChange changeFrom(Backend before) {
    if (!(before instanceof BackendVxlan old) || (old.gbp == gbp && isTunnelOf(old))) {
      return OptionChange.NONE;
    }
    return isTunnelOf(old) ? OptionChange.RECREATED : OptionChange.OTHER_TUNNEL;
  }

  private boolean isTunnelOf(BackendVxlan old) {
    return old.vni == vni && old.port == port;
  }

  @Override
  public Map<String, Object> options() {
    Map<String, Object> conf = new LinkedHashMap<>();
    conf.put("VNI", vni);
    conf.put("Port", port);
    if (gbp) {
      conf.put("GBP", true);
    }
    return conf;
  }

  @Override
  public List<String> unsaid(GoJson conf, boolean ipv6) {
    return conf.flag("Learning") ? List.of("Learning true") : List.of();
  }

  @Override
  public BackendSpec spec() {
    return new BackendSpec(
        type(), directRouting ? true : null, new BackendSpec.Vxlan(vni, port, gbp), null);
  }

  /**
   * A net-conf.json that others wrote may hold values that no device can have; those give empty.
   */
  @Override
  public Optional<FlannelNodeSpec.Vxlan> expectedVxlan() {
    return vni >= 1 && vni <= Bounds.LARGEST_VNI && port >= 1 && port <= Bounds.LARGEST_PORT
        ? Optional.of(new FlannelNodeSpec.Vxlan(vni, port))
        : Optional.empty();
  }
}

package io.flannel.operator.agent.checks;

import io.flannel.operator.flannel.Cidr;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * A network device, as {@code ip -j -d -s addr show} prints it.
 *
 * @param index the kernel's interface index, which no later device gets
 * @param kind the kernel's kind of device, such as vxlan; empty for a physical one
 * @param up whether it was set up (UP)
 * @param carrier whether it is up and something is at its other end (LOWER_UP); a bridge needs a
 *     port
 * @param mtu in bytes
 * @param addresses with their prefix lengths, as in {@code 10.244.1.1/24}
 * @param tunnel settings that only tunnels have
 * @param receivedPackets packets received since it was created, if the query asked for them
 */
public record Link(
    int index,
    String name,
    Optional<String> kind,
    boolean up,
    boolean carrier,
    int mtu,
    List<InterfaceAddress> addresses,
    Tunnel tunnel,
    OptionalLong receivedPackets) {

  /**
   * An address of a device.
   *
   * @param address the address without its prefix length
   * @param prefix length of the on-link prefix
   */
  public record InterfaceAddress(Cidr address, int prefix) {
    @Override
    public String toString() {
      return address.base() + "/" + prefix;
    }
  }

  /**
   * Settings of a tunnel device, as far as its kind has them.
   *
   * @param local the address that it sends from; empty for any
   * @param remote the address that it sends to; empty for any
   * @param lower the device that it is bound to
   * @param vni vxlan's network identifier
   * @param port vxlan's UDP port
   * @param external whether each packet has its own tunnel addresses (collect_md)
   */
  public record Tunnel(
      Optional<Cidr> local,
      Optional<Cidr> remote,
      Optional<String> lower,
      OptionalInt vni,
      OptionalInt port,
      boolean external) {
    static final Tunnel NONE =
        new Tunnel(
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            OptionalInt.empty(),
            OptionalInt.empty(),
            false);
  }

  /** Distinguishes the device from a later one of the same name. */
  public record Identity(int index, String name) {}

  public Identity identity() {
    return new Identity(index, name);
  }

  /** Whether the address is one of the device's. */
  boolean has(Cidr address) {
    return addresses.stream().anyMatch(own -> own.address().equals(address));
  }

  /** The device's addresses of a family, without link-local ones. */
  List<InterfaceAddress> addresses(Cidr.Family family) {
    return addresses.stream()
        .filter(own -> own.address().family() == family)
        .filter(own -> LINK_LOCAL.stream().noneMatch(range -> range.contains(own.address())))
        .toList();
  }

  private static final List<Cidr> LINK_LOCAL =
      List.of(Cidr.parse("169.254.0.0/16"), Cidr.parse("fe80::/10"));
}

package io.flannel.operator.agent.checks;

import io.flannel.operator.flannel.Cidr;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * A network device, as {@code ip -j -d -s addr show} has it.
 *
 * @param index the kernel's number of it, which no later device gets
 * @param kind the kernel's kind, such as vxlan; empty for a physical one
 * @param up whether it was set up
 * @param carrier whether it is up and something is at its other end: of a bridge, a port
 * @param mtu in bytes
 * @param addresses with their prefix length, as written: {@code 10.244.1.1/24}
 * @param tunnel what only tunnels have
 * @param receivedPackets counted since it was made, where asked for
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
   * @param address the address alone
   * @param prefix length of the prefix that is on-link
   */
  public record InterfaceAddress(Cidr address, int prefix) {
    @Override
    public String toString() {
      return address.base() + "/" + prefix;
    }
  }

  /**
   * What a tunnel device has, each where its kind has it.
   *
   * @param local the address that it sends from; empty: any
   * @param remote the address that it sends to; empty: any
   * @param lower the device that it is bound to
   * @param vni vxlan's network identifier
   * @param port vxlan's UDP port
   * @param external whether each packet brings its own addresses along (collect_md)
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

  /** What tells it from one of the same name that is made after it. */
  public record Identity(int index, String name) {}

  /** Which device it is. */
  public Identity identity() {
    return new Identity(index, name);
  }

  /** Whether the address is one of the device's. */
  boolean has(Cidr address) {
    return addresses.stream().anyMatch(own -> own.address().equals(address));
  }

  /** Its addresses of a family that are more than link-local. */
  List<InterfaceAddress> addresses(Cidr.Family family) {
    return addresses.stream()
        .filter(own -> own.address().family() == family)
        .filter(own -> LINK_LOCAL.stream().noneMatch(range -> range.contains(own.address())))
        .toList();
  }

  private static final List<Cidr> LINK_LOCAL =
      List.of(Cidr.parse("169.254.0.0/16"), Cidr.parse("fe80::/10"));
}

package io.flannel.operator.flannel;

import java.util.OptionalInt;

/**
 * What a backend wraps packets in between nodes, as firewalls see it.
 *
 * @param protocol number of the IP protocol: 17 is UDP, 4 is IPv4 in IPv4
 * @param port UDP port, if the protocol has ports
 */
public record Encapsulation(int protocol, OptionalInt port) {
  private static final int IPV4_IN_IPV4 = 4;
  private static final int UDP = 17;

  static Encapsulation ipip() {
    return new Encapsulation(IPV4_IN_IPV4, OptionalInt.empty());
  }

  static Encapsulation udp(int port) {
    return new Encapsulation(UDP, OptionalInt.of(port));
  }

  /** {@code IP protocol 4}, {@code UDP port 8472}. */
  @Override
  public String toString() {
    return port.isPresent() ? "UDP port " + port.getAsInt() : "IP protocol " + protocol;
  }
}

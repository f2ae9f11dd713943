package io.flannel.operator.report.path;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The path of a packet from a pod on one node to a pod on another. In JSON, every field is present.
 *
 * @param from the sender's node
 * @param to the receiver's node
 * @param backend the backend that carries it, as flannel names it: {@code ipip}
 * @param way whether it is encapsulated
 * @param works whether packets of every size pass both ways; null if unknown
 * @param summary the state in a sentence
 * @param reason what is wrong, in one word, as in {@code status.problems[].reason}; null if nothing
 *     is. It may be set even though packets pass, if some of them are lost
 * @param message what is wrong, in a sentence
 * @param remedy what to do about it
 * @param hops in the order in which the packet passes them; the packet is lost at the first broken
 *     one
 */
public record PacketPath(
    String from,
    String to,
    String backend,
    Way way,
    @Nullable Boolean works,
    String summary,
    @Nullable String reason,
    @Nullable String message,
    @Nullable String remedy,
    List<Hop> hops) {

  /** How the packet crosses the network between the nodes. */
  public enum Way {
    /** Encapsulated, from tunnel device to tunnel device. */
    @JsonProperty("tunnel")
    TUNNEL,
    /** As it is, through the sender's NIC to the receiver's address. */
    @JsonProperty("direct")
    DIRECT
  }

  /** The kinds of hops. */
  public enum Kind {
    /** The pod that sends or receives. */
    @JsonProperty("pod")
    POD,
    /** The bridge of the node's pods, cni0. */
    @JsonProperty("bridge")
    BRIDGE,
    /** The sender's route to the receiver's pods. */
    @JsonProperty("route")
    ROUTE,
    /** The tunnel device. */
    @JsonProperty("tunnel")
    TUNNEL,
    /** The NIC with the node's address. */
    @JsonProperty("nic")
    NIC,
    /** Everything between the two NICs. */
    @JsonProperty("wire")
    WIRE
  }

  /** The state of a hop. */
  public enum State {
    /** Nothing is wrong with it. */
    @JsonProperty("ok")
    OK,
    /** Packets are lost here, some or all of them. */
    @JsonProperty("broken")
    BROKEN,
    @JsonProperty("unknown")
    UNKNOWN
  }

  /**
   * A hop.
   *
   * @param node the node that it is on; null if it is between the nodes
   * @param title what to call it, such as {@code cni0}
   * @param device the device's name, if there is one
   * @param address the device's address with the prefix length, if known; for a pod, an address
   *     that a pod there can have
   * @param mtu in bytes, if known
   * @param detail the route as {@code ip route} prints it; or what the network must let pass
   * @param headers the packet's headers as it leaves the hop, outermost first
   * @param note what is wrong with it, or why nothing is known
   */
  public record Hop(
      Kind kind,
      @Nullable String node,
      String title,
      @Nullable String device,
      @Nullable String address,
      @Nullable Integer mtu,
      @Nullable String detail,
      List<String> headers,
      State state,
      @Nullable String note) {
    Hop with(State other, @Nullable String otherNote) {
      return new Hop(kind, node, title, device, address, mtu, detail, headers, other, otherNote);
    }
  }
}

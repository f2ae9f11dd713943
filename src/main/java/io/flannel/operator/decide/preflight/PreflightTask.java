package io.flannel.operator.decide.preflight;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.flannel.operator.api.BackendType;
import io.flannel.operator.flannel.Backend;
import io.flannel.operator.flannel.Cidr;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The task of a node's pre-flight pod, passed as JSON.
 *
 * @param backend the new one, whose encapsulation is tried
 * @param port the UDP port of IPv4 peers; 0 for ipip
 * @param vni for vxlan, a VNI that no device has
 * @param mtu the pods' MTU in bytes; null if it follows from the node's interface
 * @param overhead what flannel subtracts from the interface's MTU for the pods' MTU, in bytes
 * @param directRouting whether peers in the interface's own subnets are reached without
 *     encapsulation, so that nothing has to be tried with them
 * @param nonce 16 hexadecimal digits, the same on all nodes
 * @param seconds how long to try at most
 * @param addresses the node's own addresses as its peers know them, one of each family
 * @param peers the peers to try with
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record PreflightTask(
    BackendType backend,
    int port,
    int vni,
    @Nullable Integer mtu,
    int overhead,
    boolean directRouting,
    String nonce,
    int seconds,
    List<String> addresses,
    List<Peer> peers) {

  /** A peer's address. A peer with two addresses, of different families, has two entries. */
  public record Peer(String name, String address) {
    public Peer {
      require(name != null && !name.isEmpty(), "a peer has no name");
      requireAddress(address);
    }
  }

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern NONCE = Pattern.compile("[0-9a-f]{16}");
  private static final int LONGEST_SECONDS = 600;
  private static final int LARGEST_PORT = 65_535;

  public PreflightTask {
    require(
        backend != null && Backend.usual(backend).encapsulation().isPresent(),
        "backend %s encapsulates nothing".formatted(backend));
    boolean udp = Backend.usual(backend).udpPort(Cidr.Family.IPV4).isPresent();
    require(udp ? port > 0 && port <= LARGEST_PORT : port == 0, "port: %d".formatted(port));
    require(nonce != null && NONCE.matcher(nonce).matches(), "nonce: '%s'".formatted(nonce));
    require(seconds > 0 && seconds <= LONGEST_SECONDS, "seconds: %d".formatted(seconds));
    require(addresses != null && peers != null, "addresses or peers are missing");
    addresses.forEach(PreflightTask::requireAddress);
    addresses = List.copyOf(addresses);
    peers = List.copyOf(peers);
  }

  /**
   * Reads what {@link #toJson} wrote.
   *
   * @throws IllegalArgumentException if the text is no valid task; the message says why
   */
  public static PreflightTask parse(String json) {
    try {
      return JSON.readValue(json, PreflightTask.class);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "this is no task of a pre-flight: " + e.getOriginalMessage(), e);
    }
  }

  /**
   * As {@link #parse}, but empty if the text is no valid task, such as another operator version's.
   */
  public static Optional<PreflightTask> read(String json) {
    try {
      return Optional.ofNullable(parse(json));
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  /** As JSON, for the pod. */
  public String toJson() {
    try {
      return JSON.writeValueAsString(this);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a task of plain values", e);
    }
  }

  /** The UDP port of peers of a family. */
  public int port(Cidr.Family family) {
    return Backend.usual(backend).udpPort(family, port);
  }

  /** The node's own address of a family. */
  public Optional<String> address(Cidr.Family family) {
    return addresses.stream()
        .filter(address -> Cidr.ofAddress(address).family() == family)
        .findFirst();
  }

  private static void requireAddress(@Nullable String address) {
    require(
        address != null && Cidr.tryAddress(address).isPresent(),
        "'%s' is no IP address".formatted(address));
  }

  private static void require(boolean met, String otherwise) {
    if (!met) {
      throw new IllegalArgumentException(otherwise);
    }
  }
}

package io.flannel.operator.agent.checks;

import io.flannel.operator.flannel.Cidr;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Reads the kernel's state with iproute2, which needs no capability. The tools keep running: {@code
 * ip}, for vxlan {@code bridge}, and for IPv6 {@code ip -6}. Not thread-safe.
 */
public final class Iproute2 implements AutoCloseable {
  /**
   * Maximum length of an answer, in bytes: enough for the routes to 5,000 nodes and their copies,
   * at 150 bytes each, and not too much for the heap.
   */
  private static final int ANSWER_LIMIT = 1 << 21;

  /** {@code nomaster} leaves out the pods' devices, which are ports of their bridge. */
  private static final List<String> QUERIES =
      List.of("addr show nomaster", "route show table main", "neigh show nud permanent");

  private final BatchTool ip;
  private final BatchTool ipv6;
  private final BatchTool bridge;

  /** The devices whose names and indexes the tools may have cached. */
  private Optional<Set<Link.Identity>> known = Optional.empty();

  /**
   * Defines the tools, which start on first use.
   *
   * @param ip the command {@code ip}, with any words that come before its options
   * @param bridge the command {@code bridge}, likewise
   * @param timeLimit for the answers of one of them
   */
  public Iproute2(List<String> ip, List<String> bridge, Duration timeLimit) {
    this.ip = tool(timeLimit, ip, "-j", "-d", "-s", "-batch", "-");
    this.ipv6 = tool(timeLimit, ip, "-6", "-j", "-batch", "-");
    this.bridge = tool(timeLimit, bridge, "-j", "-batch", "-");
  }

  /** The tools of the agent's image. */
  public static Iproute2 installed() {
    return new Iproute2(List.of("ip"), List.of("bridge"), Duration.ofSeconds(5));
  }

  /** The answers to one batch of queries. */
  public record Answers(
      ReadResult<List<Link>> links,
      ReadResult<RoutingTable> routes,
      ReadResult<List<Neighbour>> neighbours) {

    static Answers failed(String why) {
      return new Answers(ReadResult.failed(why), ReadResult.failed(why), ReadResult.failed(why));
    }
  }

  /** Reads devices, IPv4 routes and permanent neighbours. */
  public Answers answers() {
    Answers answers = ask();
    Optional<Set<Link.Identity>> found = answers.links().value().map(Iproute2::identities);
    if (found.isPresent() && known.isPresent() && !found.equals(known)) {
      // iproute2 caches the names and indexes of devices (lib/ll_map.c) and would print the old
      // ones of a device that was recreated or renamed.
      close();
      answers = ask();
      found = answers.links().value().map(Iproute2::identities);
    }
    known = found;
    return answers;
  }

  /** The IPv6 routes of the main table. */
  public ReadResult<RoutingTable> ipv6Routes() {
    return single(ipv6, "route show table main", json -> Iproute2Json.route(json, Cidr.Family.IPV6))
        .flatMap(routes -> ReadResult.read(new RoutingTable(routes)));
  }

  /** Reads the forwarding entries of a vxlan device. */
  public ReadResult<List<ForwardingEntry>> forwarding(String device) {
    return single(bridge, "fdb show dev " + device, Iproute2Json::forwardingEntry);
  }

  /** Kills the tools; the next query restarts them. */
  @Override
  public void close() {
    Stream.of(ip, ipv6, bridge).forEach(BatchTool::close);
  }

  private Answers ask() {
    return switch (ip.ask(QUERIES)) {
      case ReadResult.Read<List<byte[]>>(List<byte[]> lines) -> {
        Answers answers = parse(ip.name(), lines);
        if (answers.links() instanceof ReadResult.Failed) {
          ip.close();
        }
        yield answers;
      }
      case ReadResult.Failed<List<byte[]>>(String why) -> Answers.failed(why);
      case ReadResult.Absent<List<byte[]>>() ->
          throw new IllegalStateException("a tool answers or fails");
    };
  }

  /** Parses the three answers of {@code ip}; if one is not understood, all fail. */
  static Answers parse(String tool, List<byte[]> lines) {
    try {
      List<Link> links = Iproute2Json.list(lines.get(0), Iproute2Json::link);
      List<Route> routes =
          Iproute2Json.list(lines.get(1), json -> Iproute2Json.route(json, Cidr.Family.IPV4));
      List<Neighbour> neighbours = Iproute2Json.list(lines.get(2), Iproute2Json::neighbour);
      return new Answers(
          ReadResult.read(links),
          ReadResult.read(new RoutingTable(routes)),
          ReadResult.read(neighbours));
    } catch (Iproute2Json.UnreadableException e) {
      return Answers.failed(unknown(tool, e));
    }
  }

  private static <T> ReadResult<List<T>> single(
      BatchTool tool, String query, Iproute2Json.Element<T> reader) {
    return tool.ask(List.of(query))
        .flatMap(
            lines -> {
              try {
                return ReadResult.read(Iproute2Json.list(lines.getFirst(), reader));
              } catch (Iproute2Json.UnreadableException e) {
                tool.close();
                return ReadResult.failed(unknown(tool.name(), e));
              }
            });
  }

  private static Set<Link.Identity> identities(List<Link> links) {
    Set<Link.Identity> identities = new HashSet<>();
    links.forEach(link -> identities.add(link.identity()));
    return identities;
  }

  private static String unknown(String tool, Iproute2Json.UnreadableException e) {
    return "%s %s: is it iproute2 6.1 or newer?".formatted(tool, e.getMessage());
  }

  private static BatchTool tool(Duration timeLimit, List<String> command, String... arguments) {
    List<String> words = new ArrayList<>(command);
    words.addAll(List.of(arguments));
    return new BatchTool(List.copyOf(words), timeLimit, ANSWER_LIMIT);
  }
}

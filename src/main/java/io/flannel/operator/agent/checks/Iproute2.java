package io.flannel.operator.agent.checks;

import com.fasterxml.jackson.core.JsonParser;
import io.flannel.operator.overlay.Cidr;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * What iproute2 tells of the kernel; needs no capability. A look takes two processes, or three:
 * {@code ip}, for vxlan {@code bridge}, and for wireguard with IPv6 {@code ip -6}.
 *
 * @param ip the command {@code ip}, with what comes before its options
 * @param bridge the command {@code bridge}, likewise
 * @param timeLimit after which a process is killed
 */
record Iproute2(List<String> ip, List<String> bridge, Duration timeLimit) {
  /** Enough for the routes and neighbours of thousands of nodes, and not too much for the heap. */
  private static final int OUTPUT_LIMIT = 2 << 20;

  /** {@code nomaster} leaves the pods' devices out, which are ports of their bridge. */
  private static final String QUERIES =
      """
      addr show nomaster
      route show table main
      neigh show nud permanent
      """;

  /** The tools of the agent's image. */
  static Iproute2 installed() {
    return new Iproute2(List.of("ip"), List.of("bridge"), Duration.ofSeconds(5));
  }

  /** What one batch of queries answers. */
  record Answers(
      Reading<List<Link>> links,
      Reading<RoutingTable> routes,
      Reading<List<Neighbour>> neighbours) {

    static Answers failed(String why) {
      return new Answers(Reading.failed(why), Reading.failed(why), Reading.failed(why));
    }
  }

  /** Devices, IPv4 routes and permanent neighbours. */
  Answers answers() {
    Command command = command(ip, "-j", "-d", "-s", "-batch", "-");
    return switch (command.run(QUERIES)) {
      case Reading.Read<byte[]>(byte[] output) -> parse(String.join(" ", command.words()), output);
      case Reading.Failed<byte[]>(String why) -> Answers.failed(why);
      case Reading.Absent<byte[]>() -> throw new IllegalStateException("a command is not absent");
    };
  }

  static Answers parse(String tool, byte[] output) {
    try {
      JsonParser parser = Iproute2Json.parser(output);
      List<Link> links = Iproute2Json.next(parser, Iproute2Json::link);
      List<Route> routes =
          Iproute2Json.next(parser, json -> Iproute2Json.route(json, Cidr.Family.IPV4));
      List<Neighbour> neighbours = Iproute2Json.next(parser, Iproute2Json::neighbour);
      return new Answers(
          Reading.read(links), Reading.read(new RoutingTable(routes)), Reading.read(neighbours));
    } catch (Iproute2Json.UnreadableException e) {
      return Answers.failed(unknown(tool, e));
    }
  }

  /** The IPv6 routes of the main table. */
  Reading<RoutingTable> ipv6Routes() {
    Command command = command(ip, "-6", "-j", "route", "show", "table", "main");
    return command
        .run("")
        .flatMap(
            output -> list(command, output, json -> Iproute2Json.route(json, Cidr.Family.IPV6)))
        .flatMap(routes -> Reading.read(new RoutingTable(routes)));
  }

  /** Where a vxlan device sends what is for a MAC address. */
  Reading<List<ForwardingEntry>> forwarding(String device) {
    Command command = command(bridge, "-j", "fdb", "show", "dev", device);
    return command.run("").flatMap(output -> list(command, output, Iproute2Json::forwardingEntry));
  }

  private static <T> Reading<List<T>> list(
      Command command, byte[] output, Iproute2Json.Element<T> reader) {
    try {
      return Reading.read(Iproute2Json.next(Iproute2Json.parser(output), reader));
    } catch (Iproute2Json.UnreadableException e) {
      return Reading.failed(unknown(String.join(" ", command.words()), e));
    }
  }

  private static String unknown(String tool, Iproute2Json.UnreadableException e) {
    return "%s %s: is it iproute2 6.1 or newer?".formatted(tool, e.getMessage());
  }

  private Command command(List<String> tool, String... arguments) {
    return new Command(
        Stream.concat(tool.stream(), Stream.of(arguments)).toList(), timeLimit, OUTPUT_LIMIT);
  }
}

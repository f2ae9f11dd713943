package io.flannel.operator.agent.checks;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.flannel.operator.agent.json.Json;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.PrintableText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Parses what iproute2 prints with {@code -j}: one array of objects per query. Unknown fields are
 * ignored. If a required field is missing or of another type, the whole answer is unreadable,
 * because an element that is skipped would look as if it were missing on the node.
 */
final class Iproute2Json {
  private Iproute2Json() {}

  /** The output does not have the expected form. */
  static final class UnreadableException extends Exception {
    private static final long serialVersionUID = 1;

    UnreadableException(String message) {
      super(message);
    }
  }

  /** Parses an element of an answer; empty if it is irrelevant. */
  interface Element<T> {
    Optional<T> of(Json element) throws UnreadableException;
  }

  /**
   * Parses an answer.
   *
   * @throws UnreadableException if it is not an array of such elements
   */
  static <T> List<T> list(byte[] answer, Element<T> reader) throws UnreadableException {
    try (JsonParser parser = Json.parser(answer)) {
      if (parser.nextToken() != JsonToken.START_ARRAY) {
        throw new UnreadableException("printed no JSON array");
      }
      var elements = new ArrayList<T>();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
          throw new UnreadableException("printed an array with more than objects in it");
        }
        Json element = Json.current(parser);
        // Some versions print {} for what a filter leaves out.
        if (!element.isEmpty()) {
          reader.of(element).ifPresent(elements::add);
        }
      }
      if (parser.nextToken() != null) {
        throw new UnreadableException("printed more than a JSON array");
      }
      return elements;
    } catch (IOException e) {
      throw new UnreadableException("printed broken JSON");
    }
  }

  /** Parses an element of {@code ip -j -d -s addr show}. */
  static Optional<Link> link(Json json) throws UnreadableException {
    List<String> flags = new ArrayList<>();
    for (Json flag : json.path("flags")) {
      flags.add(flag.asText());
    }
    if (!json.path("flags").isArray()) {
      throw new UnreadableException("printed a device without flags");
    }
    List<Link.InterfaceAddress> addresses = new ArrayList<>();
    for (Json info : json.path("addr_info")) {
      // For a point-to-point address, "local" is the device's own address; the peer's is a separate
      // field.
      if (info.path("local").isTextual()) {
        addresses.add(new Link.InterfaceAddress(address(info, "local"), number(info, "prefixlen")));
      }
    }
    Json data = json.path("linkinfo").path("info_data");
    Json received = json.path("stats64").path("rx").path("packets");
    return Optional.of(
        new Link(
            number(json, "ifindex"),
            text(json, "ifname"),
            optionalText(json.path("linkinfo"), "info_kind"),
            flags.contains("UP"),
            flags.contains("LOWER_UP"),
            number(json, "mtu"),
            List.copyOf(addresses),
            data.isObject() ? tunnel(data) : Link.Tunnel.NONE,
            received.canConvertToLong() && received.isIntegralNumber()
                ? OptionalLong.of(received.asLong())
                : OptionalLong.empty()));
  }

  private static Link.Tunnel tunnel(Json data) {
    return new Link.Tunnel(
        end(data, "local").or(() -> end(data, "local6")),
        end(data, "remote").or(() -> end(data, "remote6")),
        optionalText(data, "link"),
        optionalNumber(data, "id"),
        optionalNumber(data, "port"),
        data.path("external").asBoolean());
  }

  /** Parses an end of a tunnel; {@code any} and 0.0.0.0 mean none. */
  private static Optional<Cidr> end(Json data, String field) {
    return optionalText(data, field)
        .flatMap(Cidr::tryAddress)
        .filter(end -> end.network().signum() != 0);
  }

  /** Parses an element of {@code ip -j route show table main}. */
  static Optional<Route> route(Json json, Cidr.Family family) throws UnreadableException {
    List<Route.Hop> hops = new ArrayList<>();
    if (json.path("nexthops").isArray()) {
      for (Json hop : json.path("nexthops")) {
        hops.add(hop(hop));
      }
    } else {
      hops.add(hop(json));
    }
    boolean onlink = false;
    for (Json flag : json.path("flags")) {
      onlink |= flag.asText().equals("onlink");
    }
    return Optional.of(
        new Route(
            destination(text(json, "dst"), family),
            optionalText(json, "type").orElse(Route.UNICAST),
            List.copyOf(hops),
            json.has("metric") ? json.path("metric").asLong() : 0,
            optionalText(json, "protocol"),
            onlink));
  }

  private static Route.Hop hop(Json json) throws UnreadableException {
    // A gateway of the other family is {"via": {"family": …, "host": …}}.
    Json holder = json.has("via") ? json.path("via") : json;
    String field = json.has("via") ? "host" : "gateway";
    return new Route.Hop(
        holder.has(field) ? Optional.of(address(holder, field)) : Optional.empty(),
        optionalText(json, "dev"));
  }

  private static Cidr destination(String text, Cidr.Family family) throws UnreadableException {
    if (text.equals("default")) {
      return Cidr.parse(family == Cidr.Family.IPV4 ? "0.0.0.0/0" : "::/0");
    }
    return (text.contains("/") ? Cidr.tryParse(text) : Cidr.tryAddress(text))
        .filter(destination -> destination.family() == family)
        .orElseThrow(
            () -> new UnreadableException("printed a route to '%s'".formatted(shortened(text))));
  }

  /** Parses an element of {@code ip -j neigh show nud permanent}. */
  static Optional<Neighbour> neighbour(Json json) throws UnreadableException {
    if (!json.has("lladdr")) {
      return Optional.empty();
    }
    return Optional.of(
        new Neighbour(
            address(json, "dst"),
            text(json, "dev"),
            text(json, "lladdr").toLowerCase(Locale.ROOT)));
  }

  /** Parses an element of {@code bridge -j fdb show dev}. */
  static Optional<ForwardingEntry> forwardingEntry(Json json) throws UnreadableException {
    String mac = text(json, "mac").toLowerCase(Locale.ROOT);
    if (!json.has("dst")) {
      return Optional.empty();
    }
    return Optional.of(new ForwardingEntry(mac, address(json, "dst")));
  }

  private static Cidr address(Json json, String field) throws UnreadableException {
    String text = text(json, field);
    return Cidr.tryAddress(text)
        .orElseThrow(
            () ->
                new UnreadableException(
                    "printed '%s' where an address belongs".formatted(shortened(text))));
  }

  private static String text(Json json, String field) throws UnreadableException {
    return optionalText(json, field)
        .orElseThrow(() -> new UnreadableException("printed an entry without '" + field + "'"));
  }

  private static int number(Json json, String field) throws UnreadableException {
    return optionalNumber(json, field)
        .orElseThrow(() -> new UnreadableException("printed an entry without '" + field + "'"));
  }

  private static Optional<String> optionalText(Json json, String field) {
    Json value = json.path(field);
    return value.isTextual() ? Optional.of(value.asText()) : Optional.empty();
  }

  private static OptionalInt optionalNumber(Json json, String field) {
    Json value = json.path(field);
    return value.isIntegralNumber() && value.canConvertToInt()
        ? OptionalInt.of(value.asInt())
        : OptionalInt.empty();
  }

  private static String shortened(String text) {
    return PrintableText.shortened(text, 40);
  }
}

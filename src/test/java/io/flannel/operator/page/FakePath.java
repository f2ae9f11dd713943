package io.flannel.operator.page;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The path of a packet through ipip between two nodes, lost between them or not. */
record FakePath(String from, String to, int sender, int receiver) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Why no packet passes. */
  record Cause(String reason, String message, String remedy) {}

  JsonNode json(Optional<Cause> cause) {
    boolean works = cause.isEmpty();
    ObjectNode path =
        JSON.createObjectNode()
            .put("from", from)
            .put("to", to)
            .put("backend", "ipip")
            .put("way", "tunnel")
            .put("works", works)
            .put(
                "summary",
                works
                    ? "packets pass from %s to %s through flannel.ipip".formatted(from, to)
                    : "packets from %s to %s are lost between the nodes".formatted(from, to))
            .put("reason", cause.map(Cause::reason).orElse(null))
            .put("message", cause.map(Cause::message).orElse(null))
            .put("remedy", cause.map(Cause::remedy).orElse(null));
    ArrayNode hops = path.putArray("hops");
    String ahead = works ? "ok" : "unknown";
    pod(hops, from, sender, "ok", 64);
    bridge(hops, from, sender, "ok", 64);
    hop(
        hops,
        "route",
        from,
        "10.244.%d.0/24".formatted(receiver),
        null,
        null,
        null,
        "ok",
        "10.244.%d.0/24 via %s dev flannel.ipip onlink".formatted(receiver, address(receiver)),
        List.of(inner(63)));
    tunnel(hops, from, sender, "ok", List.of(outer(), inner(63)));
    nic(hops, from, sender, "ok", List.of(ethernet(), outer(), inner(63)));
    hop(
        hops,
        "wire",
        null,
        "192.168.0.0/24",
        null,
        null,
        1500,
        works ? "ok" : "broken",
        null,
        List.of(ethernet(), outer(), inner(63)));
    if (!works) {
      ((ObjectNode) hops.get(hops.size() - 1))
          .put("note", "the node addresses answer each other; IP protocol 4 does not arrive");
    }
    nic(hops, to, receiver, ahead, List.of(outer(), inner(63)));
    tunnel(hops, to, receiver, ahead, List.of(inner(63)));
    bridge(hops, to, receiver, ahead, 62);
    pod(hops, to, receiver, ahead, 62);
    return path;
  }

  private void pod(ArrayNode hops, String node, int number, String state, int ttl) {
    hop(
        hops,
        "pod",
        node,
        "eth0",
        "eth0",
        "10.244.%d.2/24".formatted(number),
        1480,
        state,
        null,
        List.of(inner(ttl)));
  }

  private void bridge(ArrayNode hops, String node, int number, String state, int ttl) {
    hop(
        hops,
        "bridge",
        node,
        "cni0",
        "cni0",
        "10.244.%d.1/24".formatted(number),
        1480,
        state,
        null,
        List.of(inner(ttl)));
  }

  private void tunnel(ArrayNode hops, String node, int number, String state, List<String> headers) {
    hop(
        hops,
        "tunnel",
        node,
        "flannel.ipip",
        "flannel.ipip",
        "10.244.%d.0/32".formatted(number),
        1480,
        state,
        null,
        headers);
  }

  private void nic(ArrayNode hops, String node, int number, String state, List<String> headers) {
    hop(hops, "nic", node, "eth0", "eth0", address(number) + "/24", 1500, state, null, headers);
  }

  private static void hop(
      ArrayNode hops,
      String kind,
      @Nullable String node,
      String title,
      @Nullable String device,
      @Nullable String address,
      @Nullable Integer mtu,
      String state,
      @Nullable String detail,
      List<String> headers) {
    ObjectNode hop =
        hops.addObject()
            .put("kind", kind)
            .put("node", node)
            .put("title", title)
            .put("device", device)
            .put("address", address)
            .put("mtu", mtu)
            .put("detail", detail)
            .put("state", state)
            .putNull("note");
    headers.forEach(hop.putArray("headers")::add);
  }

  private static String ethernet() {
    return "Ethernet 52:54:00:00:00:51 → 52:54:00:00:00:52";
  }

  private String outer() {
    return "IPv4 %s → %s, protocol 4".formatted(address(sender), address(receiver));
  }

  private String inner(int ttl) {
    return "IPv4 10.244.%d.2 → 10.244.%d.2, ttl %d".formatted(sender, receiver, ttl);
  }

  private static String address(int number) {
    return "192.168.0." + (80 + number);
  }
}

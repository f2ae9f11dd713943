package io.flannel.operator.web;

import io.flannel.operator.report.path.PacketPath;
import io.flannel.operator.report.view.ObservedNetwork;
import io.vertx.ext.web.RoutingContext;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * A request for a packet's path: {@code ?from=NODE&to=NODE}.
 *
 * @param network finds the network, or answers that there is none
 * @param path answers with the path
 * @param error answers with an error
 */
record PathRequest(
    Function<RoutingContext, Optional<ObservedNetwork>> network,
    BiConsumer<RoutingContext, PacketPath> path,
    Responses.ErrorAnswer error) {

  /** Answers the request. */
  void answer(RoutingContext context) {
    String from = context.request().getParam("from", "");
    String to = context.request().getParam("to", "");
    if (from.isEmpty() || to.isEmpty() || from.equals(to)) {
      error.send(
          context,
          400,
          "a path is from one node to another: name two different nodes, from and to");
      return;
    }
    network.apply(context).ifPresent(found -> answer(context, found, from, to));
  }

  private void answer(RoutingContext context, ObservedNetwork found, String from, String to) {
    Optional<PacketPath> known = found.path(from, to);
    if (known.isPresent()) {
      path.accept(context, known.get());
      return;
    }
    String missing = found.nodeNames().contains(from) ? to : from;
    error.send(
        context,
        404,
        "%s is no node of network %s: kubectl flannel nodes shows them"
            .formatted(Responses.printable(missing), found.name()));
  }
}

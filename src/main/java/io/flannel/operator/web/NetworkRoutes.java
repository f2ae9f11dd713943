package io.flannel.operator.web;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.flannel.operator.report.view.Networks;
import io.flannel.operator.report.view.ObservedNetwork;
import io.flannel.operator.report.view.Replica;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the page reads: {@code /api/networks} and, for each network, its state, a packet's path and
 * a stream of its changes. A replica that does not act lists no networks and names the one that
 * acts.
 */
@Singleton
class NetworkRoutes implements Routes {
  private final Networks networks;
  private final EventStreams events;
  private final PathRequest path = new PathRequest(this::find, Responses::json, Responses::error);

  @Inject
  NetworkRoutes(Networks networks, EventStreams events) {
    this.networks = networks;
    this.events = events;
  }

  /** The answer to {@code /api/networks}. */
  private record Listed(Operator operator, List<String> networks) {}

  private record Operator(
      String version, String instance, @JsonProperty("leader") @Nullable String leader) {
    static Operator of(Replica replica) {
      return new Operator(replica.version(), replica.instance(), replica.leader().orElse(null));
    }
  }

  @Override
  public void addTo(Router router) {
    router.get("/api/networks").blockingHandler(this::list, false);
    router.get("/api/networks/:name").blockingHandler(this::network, false);
    router.get("/api/networks/:name/path").blockingHandler(path::answer, false);
    router.get("/api/networks/:name/events").blockingHandler(this::events, false);
  }

  private void list(RoutingContext context) {
    Replica replica = networks.replica();
    Responses.json(
        context, new Listed(Operator.of(replica), replica.leads() ? networks.names() : List.of()));
  }

  private void network(RoutingContext context) {
    find(context).ifPresent(network -> Responses.json(context, network.viewWithMesh()));
  }

  private void events(RoutingContext context) {
    find(context).ifPresent(network -> events.open(context, network.name()));
  }

  /**
   * Finds the network. If it is empty, the request has been answered: there is no such network, or
   * this replica does not know.
   */
  private Optional<ObservedNetwork> find(RoutingContext context) {
    Replica replica = networks.replica();
    if (!replica.leads()) {
      Responses.error(
          context,
          503,
          "%s stands by: %s"
              .formatted(
                  replica.instance(),
                  replica
                      .leader()
                      .map("forward the port to the pod %s, which acts"::formatted)
                      .orElse("no replica acts at present; try again in some seconds")));
      return Optional.empty();
    }
    String name = context.pathParam("name");
    Optional<ObservedNetwork> found = networks.find(name);
    if (found.isEmpty()) {
      Responses.error(
          context,
          404,
          "there is no FlannelNetwork %s: kubectl get flannelnetworks shows them"
              .formatted(Responses.printable(name)));
    }
    return found;
  }
}

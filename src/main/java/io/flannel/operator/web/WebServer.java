package io.flannel.operator.web;

import io.quarkus.arc.All;
import io.vertx.ext.web.Router;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;

/** Puts the routes into Quarkus' router, the gate before them. */
@Singleton
class WebServer {
  private static final List<String> GUARDED = List.of("/", "/page/*", "/api/*", "/text/*");

  private final List<Routes> routes;

  @Inject
  WebServer(@All List<Routes> routes) {
    this.routes = routes;
  }

  void start(@Observes Router router) {
    Gate gate = new Gate();
    GUARDED.forEach(path -> router.route(path).handler(gate));
    routes.forEach(some -> some.addTo(router));
    GUARDED.forEach(path -> router.route(path).handler(Answers::noSuchPath));
    GUARDED.forEach(path -> router.route(path).failureHandler(Answers::failed));
  }
}

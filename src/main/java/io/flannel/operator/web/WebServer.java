package io.flannel.operator.web;

import io.quarkus.arc.All;
import io.vertx.ext.web.Router;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;

/** Adds the routes to Quarkus' router, and the {@link RequestFilter} before all others. */
@Singleton
class WebServer {
  private static final List<String> OURS = List.of("/", "/page/*", "/api/*", "/text/*");

  private final List<Routes> routes;

  @Inject
  WebServer(@All List<Routes> routes) {
    this.routes = routes;
  }

  void start(@Observes Router router) {
    // Before all routes, including Quarkus' own, whenever they are added.
    router.route().order(Integer.MIN_VALUE).handler(new RequestFilter());
    routes.forEach(some -> some.addTo(router));
    OURS.forEach(path -> router.route(path).handler(Responses::noSuchPath));
    OURS.forEach(path -> router.route(path).failureHandler(Responses::failed));
  }
}

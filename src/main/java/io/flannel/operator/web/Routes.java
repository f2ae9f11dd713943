package io.flannel.operator.web;

import io.vertx.ext.web.Router;

/**
 * Some of the routes, which all stand behind the {@link RequestFilter}. Each bean of this type is
 * asked once, at the start, and adds below {@code /}, {@code /page/}, {@code /api/} and {@code
 * /text/}. A handler that reads {@link io.flannel.operator.report.view.Networks} is a blocking one.
 */
public interface Routes {
  /** Adds them. */
  void addTo(Router router);
}

package io.flannel.operator.web;

import io.vertx.ext.web.Router;

/**
 * Some of the routes. Each bean of this type is asked once, at the start; what it adds below {@code
 * /}, {@code /page/}, {@code /api/} and {@code /text/} stands behind the {@link Gate}. A handler
 * that reads {@link io.flannel.operator.report.view.Networks} is a blocking one.
 */
public interface Routes {
  /** Adds them. */
  void addTo(Router router);
}

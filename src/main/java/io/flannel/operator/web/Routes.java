package io.flannel.operator.web;

import io.vertx.ext.web.Router;

/**
 * A group of routes behind the {@link RequestFilter}. Each bean of this type is called once at
 * startup and adds routes below {@code /}, {@code /page/}, {@code /api/} and {@code /text/}. A
 * handler that reads {@link io.flannel.operator.report.view.Networks} must be a blocking one.
 */
public interface Routes {
  void addTo(Router router);
}

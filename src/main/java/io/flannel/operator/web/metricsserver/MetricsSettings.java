package io.flannel.operator.web.metricsserver;

import io.smallrye.config.ConfigMapping;
import java.nio.file.Path;
import java.util.Optional;

/** Where {@link MetricsServer} listens and its certificate; set by the Helm chart. */
@ConfigMapping(prefix = "flannel.metrics")
public interface MetricsSettings {
  /** The address to listen on; empty if there is no server. */
  Optional<String> host();

  int port();

  /** Directory of its certificate; empty if it creates one itself. */
  Optional<Path> tlsDirectory();
}

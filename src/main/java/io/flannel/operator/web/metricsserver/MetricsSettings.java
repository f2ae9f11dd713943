package io.flannel.operator.web.metricsserver;

import io.smallrye.config.ConfigMapping;
import java.nio.file.Path;
import java.util.Optional;

/** Where {@link MetricsServer} listens, and by which certificate; the Helm chart says it. */
@ConfigMapping(prefix = "flannel.metrics")
public interface MetricsSettings {
  /** The address to listen on; empty: there is no server. */
  Optional<String> host();

  int port();

  /** Where its certificate is; empty: it makes one. */
  Optional<Path> tlsDirectory();
}

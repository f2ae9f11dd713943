package io.flannel.operator.web;

import io.smallrye.config.ConfigMapping;
import java.util.Optional;

/** Where {@link ViewerServer} listens, and whose tokens it takes; the Helm chart says it. */
@ConfigMapping(prefix = "flannel.viewer")
public interface ViewerSettings {
  /** The address to listen on; empty: there is no server. */
  Optional<String> host();

  int port();

  /** The ServiceAccount that tokens must be of. */
  String serviceAccount();

  /** The namespace of that account. */
  String namespace();
}

package io.flannel.operator.web;

import io.smallrye.config.ConfigMapping;
import java.util.Optional;

/** Where {@link ViewerServer} listens and whose tokens it accepts; set by the Helm chart. */
@ConfigMapping(prefix = "flannel.viewer")
public interface ViewerSettings {
  /** The address to listen on; empty if there is no server. */
  Optional<String> host();

  int port();

  /** The ServiceAccount that tokens must belong to. */
  String serviceAccount();

  /** The namespace of {@link #serviceAccount}. */
  String namespace();
}

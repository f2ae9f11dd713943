package io.flannel.operator.reconcile;

import io.flannel.operator.render.NodeAgentSettings;
import io.smallrye.config.ConfigMapping;
import java.util.List;
import java.util.Optional;

/** {@link NodeAgentSettings} of this installation. */
@ConfigMapping(prefix = "flannel.agent")
public interface AgentProperties {
  String namespace();

  String serviceAccount();

  String image();

  Optional<String> imagePullPolicy();

  Optional<List<String>> imagePullSecrets();

  Optional<String> apiServerHost();

  Optional<String> apiServerPort();
}

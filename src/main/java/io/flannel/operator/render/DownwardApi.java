package io.flannel.operator.render;

import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;

/** Environment variables that Kubernetes fills in from a field of the pod. */
final class DownwardApi {
  private DownwardApi() {}

  /**
   * A variable with the value of a pod's field, such as {@code status.hostIP}. The version is set
   * although it is the default: server-side apply treats the reference as one atomic value, and
   * without the version it would always differ from what the API server stores.
   */
  static EnvVar variable(String name, String field) {
    return new EnvVarBuilder()
        .withName(name)
        .withNewValueFrom()
        .withNewFieldRef("v1", field)
        .endValueFrom()
        .build();
  }
}

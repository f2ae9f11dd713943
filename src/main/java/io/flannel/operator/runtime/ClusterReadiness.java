package io.flannel.operator.runtime;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.flannel.operator.api.FlannelNetwork;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.interceptor.Interceptor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Delays startup until the API server answers and serves our CRDs, and logs what it waits for: the
 * operator may be started before the CRDs exist. The pod's startup probe limits the wait.
 */
class ClusterReadiness {
  private static final Logger LOG = LoggerFactory.getLogger(ClusterReadiness.class);
  private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final KubernetesClient client;

  @Inject
  ClusterReadiness(KubernetesClient client) {
    this.client = client;
  }

  /** Runs before the extension starts the operator, which observes the same event. */
  void await(@Observes @Priority(Interceptor.Priority.PLATFORM_BEFORE) StartupEvent event) {
    String said = "";
    String missing = missing();
    while (missing != null && !Thread.currentThread().isInterrupted()) {
      if (!missing.equals(said)) {
        LOG.warn("waiting: {}", missing);
        said = missing;
      }
      LockSupport.parkNanos(PAUSE_NANOS);
      missing = missing();
    }
  }

  private @Nullable String missing() {
    try {
      return client.supports(FlannelNetwork.class)
          ? null
          : "the cluster does not serve FlannelNetworks (flannel.io/v1alpha1): install the CRDs, by"
              + " the Helm chart or by kubectl apply -f src/main/resources/crds";
    } catch (KubernetesClientException e) {
      return "the API server at %s does not answer: %s"
          .formatted(client.getMasterUrl(), ApiErrors.said(e));
    }
  }
}

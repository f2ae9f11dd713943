package io.flannel.operator.runtime;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfiguration;
import io.quarkus.runtime.ShutdownEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.interceptor.Interceptor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Releases the leader's Lease when this replica stops, so that another takes over at once instead
 * of when the Lease expires. JOSDK tries to, but ends before its request is sent.
 */
class ReleaseLeaseOnShutdown {
  private static final Logger LOG = LoggerFactory.getLogger(ReleaseLeaseOnShutdown.class);

  private final KubernetesClient client;
  private final LeaderElectionConfiguration election;

  @Inject
  ReleaseLeaseOnShutdown(KubernetesClient client, LeaderElectionConfiguration election) {
    this.client = client;
    this.election = election;
  }

  /** Runs after the extension has stopped the operator, which observes the same event. */
  void release(@Observes @Priority(Interceptor.Priority.PLATFORM_AFTER) ShutdownEvent event) {
    String me = election.getIdentity().orElse("");
    var leases = client.leases().inNamespace(election.getLeaseNamespace().orElse("default"));
    try {
      var lease = leases.withName(election.getLeaseName()).get();
      if (lease != null && me.equals(lease.getSpec().getHolderIdentity())) {
        lease.getSpec().setHolderIdentity("");
        lease.getSpec().setLeaseDurationSeconds(1);
        leases.resource(lease).update();
      }
    } catch (KubernetesClientException e) {
      LOG.info("the leader's Lease is not given back and will run out: {}", ApiErrors.said(e));
    }
  }
}

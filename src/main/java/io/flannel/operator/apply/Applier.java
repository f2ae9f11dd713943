package io.flannel.operator.apply;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.flannel.FieldOwnership;
import io.flannel.operator.flannel.PrintableText;
import io.flannel.operator.observe.Watches;
import io.flannel.operator.runtime.ApiErrors;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.processing.dependent.kubernetes.SSABasedGenericKubernetesResourceMatcher;
import java.net.HttpURLConnection;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes rendered objects by server-side apply, each only if what we own of the live one differs:
 * what others own is neither compared nor touched.
 */
public final class Applier {
  private static final Logger LOG = LoggerFactory.getLogger(Applier.class);

  private final KubernetesClient client;
  private final Watches watches;

  public Applier(KubernetesClient client, Watches watches) {
    this.client = client;
    this.watches = watches;
  }

  /**
   * Brings every object to what was rendered, in the order given. One that has a resourceVersion is
   * written over that version alone: if there is another by now, a watch is about to tell of it,
   * and the next reconciliation looks again.
   *
   * @return the objects that were written, as they are now: the caches lag behind them
   * @throws ApplyException if the API server refuses one; those before it are written
   */
  public List<HasMetadata> apply(List<HasMetadata> rendered, Context<FlannelNetwork> context) {
    List<HasMetadata> written = new ArrayList<>();
    for (HasMetadata object : rendered) {
      if (!matches(object, context)) {
        write(object).ifPresent(written::add);
      }
    }
    return written;
  }

  private boolean matches(HasMetadata rendered, Context<FlannelNetwork> context) {
    return watches
        .find(rendered)
        .filter(live -> matches(live, withoutVersion(rendered), context))
        .isPresent();
  }

  private static HasMetadata withoutVersion(HasMetadata rendered) {
    if (rendered instanceof ClusterRoleBinding binding) {
      return binding.edit().editMetadata().withResourceVersion(null).endMetadata().build();
    }
    return rendered;
  }

  /**
   * The framework's matcher fails over some of what others write, such as managed fields without a
   * manager, or a variable that stands twice in a container: then the API server compares.
   */
  private static boolean matches(
      HasMetadata live, HasMetadata rendered, Context<FlannelNetwork> context) {
    try {
      return SSABasedGenericKubernetesResourceMatcher.getInstance()
          .matches(live, rendered, context);
    } catch (RuntimeException e) {
      LOG.debug("{} is applied again, since it can't be compared", name(rendered), e);
      return false;
    }
  }

  private Optional<HasMetadata> write(HasMetadata object) {
    try {
      HasMetadata written =
          client
              .resource(object)
              .fieldManager(FieldOwnership.FIELD_MANAGER)
              .forceConflicts()
              .serverSideApply();
      LOG.info("applied {}", name(object));
      return Optional.of(written);
    } catch (KubernetesClientException e) {
      if (e.getCode() == HttpURLConnection.HTTP_CONFLICT
          && object.getMetadata().getResourceVersion() != null) {
        LOG.info("{} was changed by somebody else just now; it is looked at again", name(object));
        return Optional.empty();
      }
      throw new ApplyException(
          "%s could not be written: %s".formatted(name(object), ApiErrors.said(e)), e);
    }
  }

  public static String name(HasMetadata object) {
    String namespace = object.getMetadata().getNamespace();
    return "%s %s%s"
        .formatted(
            object.getKind(),
            namespace == null ? "" : namespace + "/",
            object.getMetadata().getName());
  }

  /** An object that the API server refused, in words for the status. */
  public static final class ApplyException extends RuntimeException {
    private static final int FAULT_LENGTH = 300;

    ApplyException(String message, Throwable cause) {
      super(message, cause);
    }

    /**
     * A request that the API server refused, whatever it was.
     *
     * @throws KubernetesClientException the same, if it was not reached: then nothing could be
     *     written of it either
     */
    public static ApplyException refused(KubernetesClientException e) {
      if (!ApiErrors.isAnswer(e)) {
        throw e;
      }
      return new ApplyException("the API server refused a request: " + ApiErrors.said(e), e);
    }

    /** A fault of this operator's own, while it wrote something. */
    public static ApplyException fault(Throwable fault) {
      return new ApplyException(
          "this operator failed over it, which its log tells more of: "
              + PrintableText.shortened(String.valueOf(fault), FAULT_LENGTH),
          fault);
    }
  }
}

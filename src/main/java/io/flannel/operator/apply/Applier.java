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
 * Writes rendered objects by server-side apply, each only if the fields that we own differ in the
 * live object. Fields that others own are neither compared nor touched.
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
   * Writes every object that differs, in the given order. An object with a resourceVersion
   * overwrites only that version: if the live one is newer, its watch event triggers the next
   * reconciliation.
   *
   * @return the objects that were written, as the API server returned them: the caches lag behind
   * @throws ApplyException if the API server refuses one; the objects before it are written
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
   * The framework's matcher throws on some of what others write, such as managed fields without a
   * manager or a variable that occurs twice in a container. The object is then applied, and the API
   * server compares.
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

  /** A refused write, with a message for the status. */
  public static final class ApplyException extends RuntimeException {
    private static final int FAULT_LENGTH = 300;

    ApplyException(String message, Throwable cause) {
      super(message, cause);
    }

    /**
     * Wraps the refusal of any request.
     *
     * @throws KubernetesClientException the same one if the API server was not reached: the status
     *     could not be written either
     */
    public static ApplyException refused(KubernetesClientException e) {
      if (!ApiErrors.isAnswer(e)) {
        throw e;
      }
      return new ApplyException("the API server refused a request: " + ApiErrors.said(e), e);
    }

    /** Wraps a bug in this operator that occurred during a write. */
    public static ApplyException fault(Throwable fault) {
      return new ApplyException(
          "this operator failed over it, which its log tells more of: "
              + PrintableText.shortened(String.valueOf(fault), FAULT_LENGTH),
          fault);
    }
  }
}

package io.flannel.operator.observe;

import static java.util.Comparator.comparing;
import static java.util.Comparator.naturalOrder;
import static java.util.Comparator.nullsFirst;

import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.flannel.operator.flannel.PrintableText;
import io.flannel.operator.render.Flannel;
import io.flannel.operator.render.FlannelDaemonSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The previous templates of flannel's DaemonSet: Kubernetes keeps the last ten as
 * ControllerRevisions, each a patch that replaces {@code spec.template}
 * (pkg/controller/daemon/update.go).
 */
public final class RevisionHistory {
  private static final Logger LOG = LoggerFactory.getLogger(RevisionHistory.class);

  private final KubernetesClient client;
  private final KubernetesSerialization json;

  public RevisionHistory(KubernetesClient client) {
    this.client = client;
    this.json = client.getKubernetesSerialization();
  }

  /**
   * Returns the template of a revision; empty if Kubernetes no longer keeps it. Several may match
   * if the template was edited by hand. The last one in force is returned: Kubernetes renumbers a
   * ControllerRevision that comes back into force.
   */
  public Optional<PodTemplateSpec> of(String revision) {
    return client
        .apps()
        .controllerRevisions()
        .inNamespace(Flannel.NAMESPACE)
        .withLabels(FlannelDaemonSet.POD_LABELS)
        .list()
        .getItems()
        .stream()
        .sorted(comparing(ControllerRevision::getRevision, nullsFirst(naturalOrder())).reversed())
        .filter(RevisionHistory::isOfFlannel)
        .flatMap(kept -> template(kept).stream())
        .filter(template -> template.getMetadata() != null)
        .filter(template -> revision.equals(Flannel.revision(template)))
        .findFirst();
  }

  private static boolean isOfFlannel(ControllerRevision kept) {
    return kept.getMetadata().getOwnerReferences().stream()
        .anyMatch(
            owner ->
                "DaemonSet".equals(owner.getKind())
                    && Flannel.DAEMON_SET.equals(owner.getName())
                    && Boolean.TRUE.equals(owner.getController()));
  }

  /** Empty if it holds no readable template: anybody may have written it. */
  private Optional<PodTemplateSpec> template(ControllerRevision kept) {
    try {
      return Optional.ofNullable(read(kept.getData()));
    } catch (IllegalArgumentException e) {
      LOG.warn(
          "ControllerRevision {} can't be read, and is left out: {}",
          kept.getMetadata().getName(),
          PrintableText.shortened(String.valueOf(e.getMessage()), 300));
      return Optional.empty();
    }
  }

  private @Nullable PodTemplateSpec read(@Nullable Object data) {
    Map<?, ?> patch = data == null ? Map.of() : json.convertValue(data, Map.class);
    Object spec = patch.get("spec");
    Object template = spec instanceof Map<?, ?> map ? map.get("template") : null;
    if (!(template instanceof Map<?, ?> found)) {
      return null;
    }
    // "$patch": "replace" is the patch's, not the template's.
    Map<Object, Object> clean = new LinkedHashMap<>(found);
    clean.remove("$patch");
    return json.convertValue(clean, PodTemplateSpec.class);
  }
}

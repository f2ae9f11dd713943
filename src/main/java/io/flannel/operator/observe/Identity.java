package io.flannel.operator.observe;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;

/** What of its metadata an informer, and whoever deletes it, tells an object apart by. */
final class Identity {
  private Identity() {}

  /** That alone; labels, annotations and managed fields, where needed, are to be added. */
  static ObjectMetaBuilder of(ObjectMeta meta) {
    return new ObjectMetaBuilder()
        .withName(meta.getName())
        .withNamespace(meta.getNamespace())
        .withUid(meta.getUid())
        .withResourceVersion(meta.getResourceVersion())
        .withCreationTimestamp(meta.getCreationTimestamp())
        .withDeletionTimestamp(meta.getDeletionTimestamp());
  }
}

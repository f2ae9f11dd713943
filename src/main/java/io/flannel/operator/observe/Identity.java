package io.flannel.operator.observe;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;

/** The metadata by which an informer, or code that deletes an object, identifies it. */
final class Identity {
  private Identity() {}

  /** Returns only that. Callers add labels, annotations and managed fields if they need them. */
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

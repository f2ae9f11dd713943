package io.flannel.operator.api;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a list whose elements one field identifies, so that server-side apply merges it element by
 * element: {@code x-kubernetes-list-type: map} with this key in the CRD.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.FIELD, ElementType.METHOD})
public @interface MergeKey {
  /** The name of the field that is unique in the list. */
  String value();
}

package io.flannel.operator.e2e;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The lab's cluster that a test class needs, if it is not three nodes on one L2 with IPv4. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@interface LabCluster {
  int nodes();

  /** L2s with a router between them. */
  int racks() default 1;

  /**
   * What Kubernetes knows of the nodes' addresses: {@code ipv4}, {@code dual-stack}, {@code ipv6}.
   */
  String families() default "ipv4";
}

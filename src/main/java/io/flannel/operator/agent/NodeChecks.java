package io.flannel.operator.agent;

import io.flannel.operator.api.FlannelNodeSpec;

/** Looks whether the node has what flannel should have given it. */
@FunctionalInterface
public interface NodeChecks {
  /**
   * One look; takes some milliseconds, and seconds where a tool hangs.
   *
   * @param spec what the node should have
   * @return what it has; what could not be read is a finding, never an exception
   */
  LocalState look(FlannelNodeSpec spec);
}

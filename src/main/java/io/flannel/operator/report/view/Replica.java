package io.flannel.operator.report.view;

import java.util.Optional;

/**
 * The operator's replica that answers.
 *
 * @param version the operator's version, such as {@code 0.1.0}
 * @param instance its name: its pod's
 * @param leader the name of the replica that acts, which alone knows the networks' state; empty if
 *     there is none at the moment
 */
public record Replica(String version, String instance, Optional<String> leader) {
  public boolean leads() {
    return leader.filter(instance::equals).isPresent();
  }
}

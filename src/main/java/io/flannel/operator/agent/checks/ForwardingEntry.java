package io.flannel.operator.agent.checks;

import io.flannel.operator.flannel.Cidr;

/**
 * Where a vxlan device sends what is for a MAC address, as {@code bridge -j fdb show dev} has it.
 *
 * @param mac in lower case, with colons
 */
public record ForwardingEntry(String mac, Cidr destination) {}

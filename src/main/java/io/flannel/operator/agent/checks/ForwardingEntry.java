package io.flannel.operator.agent.checks;

import io.flannel.operator.flannel.Cidr;

/**
 * Where a vxlan device sends frames for a MAC address, as {@code bridge -j fdb show dev} prints it.
 *
 * @param mac in lower case, with colons
 */
public record ForwardingEntry(String mac, Cidr destination) {}

package io.flannel.operator.agent.checks;

import io.flannel.operator.flannel.Cidr;

/**
 * A permanent entry of the ARP or NDP table, as {@code ip -j neigh show nud permanent} prints it.
 *
 * @param mac in lower case, with colons
 */
public record Neighbour(Cidr address, String device, String mac) {}

/**
 * Tests a new encapsulation between this node and its peers before the first node switches to it: a
 * short-lived pod on each node sends packets in exactly that encapsulation and listens for those of
 * its peers. Needs CAP_NET_RAW and nothing else; answers nobody and changes nothing. See
 * docs/preflight.md.
 *
 * <p>Facts about the kernel refer to Linux 6.1 and 6.18.
 */
@NullMarked
package io.flannel.operator.agent.tasks.preflight;

import org.jspecify.annotations.NullMarked;

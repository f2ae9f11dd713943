/**
 * Tries a new encapsulation between this node and its peers before the first node moves to it: a
 * short-lived pod on each node sends in exactly that encapsulation and listens for its peers. Needs
 * CAP_NET_RAW and nothing else; answers nobody and changes nothing. See docs/preflight.md.
 *
 * <p>Facts about the kernel are those of Linux 6.1 and 6.18.
 */
@NullMarked
package io.flannel.operator.agent.tasks.preflight;

import org.jspecify.annotations.NullMarked;

/**
 * JSON with the tokens of jackson-core alone. jackson-databind would cost each node some 8 MB of
 * memory, and the agent reads and writes only a few simple structures.
 */
@NullMarked
package io.flannel.operator.agent.json;

import org.jspecify.annotations.NullMarked;

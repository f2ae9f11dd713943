/**
 * JSON by jackson-core's tokens alone. What jackson-databind has beyond them costs each node some 8
 * MB of memory, and the agent reads and writes few and plain shapes.
 */
@NullMarked
package io.flannel.operator.agent.json;

import org.jspecify.annotations.NullMarked;

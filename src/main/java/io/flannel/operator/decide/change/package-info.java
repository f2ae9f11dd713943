/** What a change of the spec means for what runs: which fields differ, and what they interrupt. */
@NullMarked
package io.flannel.operator.decide.change;

import org.jspecify.annotations.NullMarked;

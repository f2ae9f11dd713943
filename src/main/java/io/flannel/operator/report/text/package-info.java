/**
 * Reports as text for a terminal: what {@code kubectl flannel} prints. Plain characters, no
 * colours, lines of at most {@value io.flannel.operator.report.text.LabelledLines#WIDTH} columns
 * except in tables, and no control characters from agents' reports. Pure functions; times come from
 * the caller.
 */
@NullMarked
package io.flannel.operator.report.text;

import org.jspecify.annotations.NullMarked;

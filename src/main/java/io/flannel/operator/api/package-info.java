/**
 * The custom resources: fields and their schema annotations, no logic.
 *
 * <p>What a manifest leaves out is {@code null} here unless the schema gives it a default; {@link
 * io.flannel.operator.flannel.DesiredNetwork} fills in every default. The CRDs in {@code
 * src/main/resources/crds} are generated from these types ({@code make crds}).
 */
@NullMarked
package io.flannel.operator.api;

import org.jspecify.annotations.NullMarked;

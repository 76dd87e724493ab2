/**
 * What a body means before a verb sees it: strict JSON parsing, decoding along a schema, defaults, the errors that are
 * told field by field, and for custom resources all that their structural schema says: pruning, value rules, CEL rules.
 *
 * <p>In come bytes or JSON trees and the {@link io.mizzen.api.schema.Schema} of the kind; out go canonical trees, the
 * paths of unknown and duplicate fields, and {@link io.mizzen.api.status.StatusException}s in upstream's words.
 *
 * <p>Threading: every function is pure and may be called from any thread; {@code FieldErrors} belongs to its caller.
 */
@NullMarked
package io.mizzen.apiserver.schema;

import org.jspecify.annotations.NullMarked;

/**
 * The four ways to change an object by a patch: JSON Patch, JSON Merge Patch, Strategic Merge Patch and Server-Side
 * Apply, and the record of who manages which field.
 *
 * <p>In come JSON trees and the {@link io.mizzen.api.schema.Schema} of the kind; out go new trees, or {@link
 * io.mizzen.api.status.StatusException}s in upstream's words.
 *
 * <p>Threading: every function is pure, changes none of its arguments and may be called from any thread.
 */
@NullMarked
package io.mizzen.apiserver.patch;

import org.jspecify.annotations.NullMarked;

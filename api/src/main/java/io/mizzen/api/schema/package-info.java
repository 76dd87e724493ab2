/**
 * Schemas of objects: types, list and map semantics, defaults. Read once, immutable, shared by all threads.
 */
@NullMarked
package io.mizzen.api.schema;

import org.jspecify.annotations.NullMarked;

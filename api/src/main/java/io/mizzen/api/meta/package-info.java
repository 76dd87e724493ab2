/**
 * Rules about names and accessors for the metadata of an object held as a JSON tree. Pure.
 */
@NullMarked
package io.mizzen.api.meta;

import org.jspecify.annotations.NullMarked;

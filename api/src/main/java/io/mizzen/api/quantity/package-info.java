/**
 * Resource quantities: exact decimal numbers with decimal or binary suffixes. Pure.
 */
@NullMarked
package io.mizzen.api.quantity;

import org.jspecify.annotations.NullMarked;

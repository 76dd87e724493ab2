/**
 * Names of API groups, versions, kinds and resources, as immutable values. Pure; safe for use by any thread.
 */
@NullMarked
package io.mizzen.api.name;

import org.jspecify.annotations.NullMarked;

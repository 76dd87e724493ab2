/**
 * The catalogue of kinds: every built-in resource as data, and the same description for kinds made at run time. Immutable.
 */
@NullMarked
package io.mizzen.api.catalog;

import org.jspecify.annotations.NullMarked;

/**
 * Label and field selectors: parsed from text or from an object, matched against maps of strings. Pure.
 */
@NullMarked
package io.mizzen.api.selector;

import org.jspecify.annotations.NullMarked;

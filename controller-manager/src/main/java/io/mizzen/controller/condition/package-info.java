/**
 * The one rule of status conditions for all kinds: when a condition counts as changed and what becomes of its times.
 * Pure values; no threads.
 */
@NullMarked
package io.mizzen.controller.condition;

import org.jspecify.annotations.NullMarked;

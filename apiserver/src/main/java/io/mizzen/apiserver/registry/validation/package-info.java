/**
 * What values the built-in kinds take, beyond their schemas: names, ranges, references inside an object, fields that may
 * not change. In come trees in the stored version with all defaults; out go the causes of a 422 with upstream's paths and
 * texts. Pure, safe for any thread.
 */
@NullMarked
package io.mizzen.apiserver.registry.validation;

import org.jspecify.annotations.NullMarked;

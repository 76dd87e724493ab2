/**
 * Whether a user may do something. In come {@link io.mizzen.apiserver.authorization.Attributes}; out goes a
 * {@link io.mizzen.apiserver.authorization.Authorizer.Decision}. Thread-safe.
 */
@NullMarked
package io.mizzen.apiserver.authorization;

import org.jspecify.annotations.NullMarked;

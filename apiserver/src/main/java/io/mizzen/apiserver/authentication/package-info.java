/**
 * Who is asking. In comes a request; out goes a {@link io.mizzen.apiserver.authentication.UserInfo} or a 401. Thread-safe.
 */
@NullMarked
package io.mizzen.apiserver.authentication;

import org.jspecify.annotations.NullMarked;

/**
 * What the server serves, told to clients: aggregated discovery and its older forms. In come resource definitions; out go
 * ready bytes. Immutable values, safe for any thread.
 */
@NullMarked
package io.mizzen.apiserver.discovery;

import org.jspecify.annotations.NullMarked;

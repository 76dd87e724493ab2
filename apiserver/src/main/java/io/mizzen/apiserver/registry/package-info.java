/**
 * The one engine for all kinds: which resources are served, how an object is created, changed and deleted in storage, and
 * the strategies of the kinds whose behaviour a schema cannot say.
 *
 * <p>In come decoded JSON trees; out go trees with their new resourceVersion, or a
 * {@link io.mizzen.api.status.StatusException}. Threading: everything here may be called by any thread and may block on
 * storage; no state is kept but the table of resources.
 */
@NullMarked
package io.mizzen.apiserver.registry;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/**
 * What every component needs to talk to the API server.
 *
 * <p>In: a kubeconfig or a ready {@code KubernetesClient}, a clock, a meter registry. Out: cached views of objects
 * ({@link io.mizzen.client.Informers}), writes ({@link io.mizzen.client.ApiClient}), queues and loops that turn changes
 * into calls of a {@link io.mizzen.client.Reconciler}, events, and leader election.
 *
 * <p>Threading: every thread is a named virtual thread owned by one object that ends it in {@code close()}. The values
 * handed out by caches are shared and must not be changed; copy them with their builders.
 */
@NullMarked
package io.mizzen.client;

import org.jspecify.annotations.NullMarked;

/**
 * The API's verbs: from an authenticated, authorised request to an answer, one class a verb.
 *
 * <p>In comes an {@link io.mizzen.apiserver.http.ApiRequest}; out goes an {@link io.mizzen.apiserver.http.ApiResponse}.
 * {@link io.mizzen.apiserver.endpoint.RequestPipeline} is the journey of a request, top to bottom. Runs on the request's
 * virtual thread.
 */
@NullMarked
package io.mizzen.apiserver.endpoint;

import org.jspecify.annotations.NullMarked;

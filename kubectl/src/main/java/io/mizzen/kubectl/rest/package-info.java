/**
 * The API as objects: requests, refusals, which resource a word or kind means. In: {@link io.mizzen.kubectl.net.Endpoint}. Out:
 * trees and {@link io.mizzen.kubectl.rest.StatusFailure}. Keeps discovery on disk. One call, one thread, save where said otherwise.
 */
@NullMarked
package io.mizzen.kubectl.rest;

import org.jspecify.annotations.NullMarked;

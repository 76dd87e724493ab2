/**
 * Makes the ahead-of-time cache good: runs ordinary calls against a small TLS server in the same process, so that the classes of a
 * call are loaded when the cache is written. Not used otherwise. In: nothing. Out: nothing but loaded classes. Its server thread is
 * named and ends with the process.
 */
@NullMarked
package io.mizzen.kubectl.training;

import org.jspecify.annotations.NullMarked;

/**
 * The <code>Status</code> that every failed request answers with, and the exception that carries it. Pure.
 */
@NullMarked
package io.mizzen.api.status;

import org.jspecify.annotations.NullMarked;

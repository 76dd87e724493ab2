/**
 * The API server: in come HTTPS requests, out go answers and watch streams; desired state lives in storage. This package
 * only wires the rooms below it.
 */
@NullMarked
package io.mizzen.apiserver;

import org.jspecify.annotations.NullMarked;

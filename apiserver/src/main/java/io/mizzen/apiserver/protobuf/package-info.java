/**
 * Reads request bodies in Kubernetes' protobuf encoding, which Go clients send for built-in kinds, into the same trees that
 * JSON gives. In come bytes; out goes a tree or an {@link java.lang.IllegalArgumentException}. Answers are always JSON,
 * which those clients accept as well. Pure.
 */
@NullMarked
package io.mizzen.apiserver.protobuf;

import org.jspecify.annotations.NullMarked;

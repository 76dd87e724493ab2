/**
 * Objects as trees: JSON and YAML in, JSON and YAML out, byte for byte as Kubernetes' own tools write them. In: text or bytes. Out:
 * Jackson's node classes, never bound to a class. Pure, no I/O but a given stream; safe from any thread.
 */
@NullMarked
package io.mizzen.kubectl.tree;

import org.jspecify.annotations.NullMarked;

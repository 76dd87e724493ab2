/**
 * The objects that a cluster has from its first moment: namespaces, default roles, priority classes, the Service
 * {@code kubernetes}. Written through the same engine as every other object; what exists is left alone.
 */
@NullMarked
package io.mizzen.apiserver.bootstrap;

import org.jspecify.annotations.NullMarked;

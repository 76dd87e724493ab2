/**
 * Empties namespaces that are being deleted and then lets them go. In: namespaces, discovery. Out: everything in them
 * deleted, conditions that say what is left, the finalizer {@code kubernetes} removed. Ten workers, one namespace on one.
 */
@NullMarked
package io.mizzen.controller.namespace;

import org.jspecify.annotations.NullMarked;

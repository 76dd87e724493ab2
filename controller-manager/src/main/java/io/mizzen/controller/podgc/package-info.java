/**
 * Clears away pods that nobody else will: too many ended ones, those of nodes that are gone, and terminating ones that no
 * kubelet will ever end. In: pods, nodes. Out: pods failed and deleted. A look around every 20 s.
 */
@NullMarked
package io.mizzen.controller.podgc;

import org.jspecify.annotations.NullMarked;

/** Tests of the node agent as a whole, on a real containerd that each class starts for itself. */
@NullMarked
package io.mizzen.kubelet;

import org.jspecify.annotations.NullMarked;

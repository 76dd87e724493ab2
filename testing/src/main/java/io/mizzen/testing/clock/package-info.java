/** Time that moves only when a test says so. */
@NullMarked
package io.mizzen.testing.clock;

import org.jspecify.annotations.NullMarked;

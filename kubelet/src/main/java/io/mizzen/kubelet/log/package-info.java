/**
 * Container logs in the CRI format: parsing, reading with the options of the log endpoint, rotation.
 *
 * <p>In come files that the runtime writes; out go lines and rotated files. Parsing is pure; a reader belongs to its caller.
 */
@NullMarked
package io.mizzen.kubelet.log;

import org.jspecify.annotations.NullMarked;

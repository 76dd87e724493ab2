/**
 * Container images made on the spot, with no registry and no compiler: the sandbox image of every pod, and a busybox
 * from the machine's static one.
 *
 * <p>In comes at most one file of the machine; out comes an OCI image archive (image-spec 1.1), byte for byte the same
 * for the same input. No threads.
 */
@NullMarked
package io.mizzen.launcher.image;

import org.jspecify.annotations.NullMarked;

/**
 * Images: names, pull policies, credentials, pulls with back-off.
 *
 * <p>In come containers that are to start; out comes an image that is on the node, or a {@link
 * io.mizzen.kubelet.runtime.StartFailure} with upstream's reason. Names and credentials are pure; pulls block their caller.
 */
@NullMarked
package io.mizzen.kubelet.image;

import org.jspecify.annotations.NullMarked;

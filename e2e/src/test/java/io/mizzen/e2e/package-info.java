/**
 * Stories on a whole running cluster with real containers, told through kubectl as a user would.
 *
 * <p>Each class starts the packaged {@code mizzen server} once. Needs root, containerd, runc, CNI plugins, nftables and
 * busybox-static; {@code ./test} installs them.
 */
@NullMarked
package io.mizzen.e2e;

import org.jspecify.annotations.NullMarked;

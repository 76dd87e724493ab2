/**
 * The wanted rule set as a value, its text, and the smallest transaction from one to the next.
 *
 * <p>Pure but for {@link io.mizzen.kubeproxy.nftables.NftCommand}, which runs {@code nft}; that one is used by a single thread.
 */
@NullMarked
package io.mizzen.kubeproxy.nftables;

import org.jspecify.annotations.NullMarked;

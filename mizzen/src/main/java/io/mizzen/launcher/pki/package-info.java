/**
 * Keys and certificates of a cluster, made at first start and kept in the data folder.
 *
 * <p>In come the node's names and addresses; out go PEM files (mode 0600), the paths of which the components are told,
 * and kubeconfig files. Called once at start, on one thread; a start renews what has less than 30 days left.
 */
@NullMarked
package io.mizzen.launcher.pki;

import org.jspecify.annotations.NullMarked;

/**
 * The plugins of the default profile, under upstream's names and with upstream's texts.
 *
 * <p>In: a pod, the cycle's state, nodes of the snapshot. Out: statuses and scores. Plugins keep no state between cycles but
 * where they say so, and reach the cluster only through the interfaces they are given.
 */
@NullMarked
package io.mizzen.scheduler.plugin;

import org.jspecify.annotations.NullMarked;

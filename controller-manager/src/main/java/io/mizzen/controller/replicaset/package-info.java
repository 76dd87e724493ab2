/**
 * Keeps the number of pods that a ReplicaSet or a ReplicationController wants.
 *
 * <p>In: the sets and pods. Out: pods created and deleted, adopted and released; the sets' status. One engine serves both
 * kinds; {@link io.mizzen.controller.replicaset.ReplicaCore} is its pure core. Several workers, one set on one at a time.
 */
@NullMarked
package io.mizzen.controller.replicaset;

import org.jspecify.annotations.NullMarked;

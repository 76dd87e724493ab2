/**
 * Keeps one pod of a DaemonSet on each node that should have one. In: DaemonSets, nodes, pods, revisions. Out: pods created
 * and deleted, revisions, status. {@link io.mizzen.controller.daemon.DaemonRules} (where) and
 * {@link io.mizzen.controller.daemon.DaemonPlan} (what next) are pure. Two workers.
 */
@NullMarked
package io.mizzen.controller.daemon;

import org.jspecify.annotations.NullMarked;

/**
 * Keeps pods with names and claims of their own in order. In: StatefulSets, pods, claims, revisions. Out: pods and claims
 * created, pods deleted, revisions, status. {@link io.mizzen.controller.statefulset.StatefulPlan} decides, purely, the next
 * step; in ordered sets there is one step at a time. Several workers, one set on one at a time.
 */
@NullMarked
package io.mizzen.controller.statefulset;

import org.jspecify.annotations.NullMarked;

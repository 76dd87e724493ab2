/**
 * Keeps aggregated ClusterRoles filled. In: ClusterRoles. Out: the rules of those with an {@code aggregationRule}, which are
 * the rules of the roles that its selectors find. {@link io.mizzen.controller.clusterrole.AggregationRules} is pure. Five
 * workers.
 */
@NullMarked
package io.mizzen.controller.clusterrole;

import org.jspecify.annotations.NullMarked;

/**
 * Counts anew what quotas have in use. In: ResourceQuotas, the objects of their namespaces. Out: the quotas' status, which
 * admission charges in between. What an object costs is said by {@code io.mizzen.api.quota}. Five workers; every quota is
 * counted at least every five minutes, and when something that it counts is freed.
 */
@NullMarked
package io.mizzen.controller.resourcequota;

import org.jspecify.annotations.NullMarked;

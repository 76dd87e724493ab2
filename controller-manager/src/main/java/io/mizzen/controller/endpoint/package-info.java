/**
 * Says which pods answer for a Service, as EndpointSlices and, for older clients, as Endpoints.
 *
 * <p>In: Services, pods, nodes. Out: EndpointSlices and Endpoints. {@link io.mizzen.controller.endpoint.EndpointRules} is
 * the one rule of who belongs; {@link io.mizzen.controller.endpoint.SlicePlan} and
 * {@link io.mizzen.controller.endpoint.EndpointsPlan} are the pure cores. Several workers, one Service on one at a time.
 */
@NullMarked
package io.mizzen.controller.endpoint;

import org.jspecify.annotations.NullMarked;

/**
 * What Services and EndpointSlices mean for one node. Pure values and functions: no I/O, no clock, no threads.
 */
@NullMarked
package io.mizzen.kubeproxy.service;

import org.jspecify.annotations.NullMarked;

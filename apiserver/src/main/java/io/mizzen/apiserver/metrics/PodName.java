// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.metrics;

/** Namespace and name of a pod. */
record PodName(String namespace, String name) {}

// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.probe;

/** What is known of one aspect of a container. */
public enum ProbeResult {
    UNKNOWN,
    SUCCESS,
    FAILURE
}

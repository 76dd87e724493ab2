// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.admission;

/**
 * Why a pod may not run on this node.
 *
 * @param reason the value of {@code status.reason} and of the event
 * @param message text for people, without the words that status puts before it
 */
public record Rejection(String reason, String message) {}

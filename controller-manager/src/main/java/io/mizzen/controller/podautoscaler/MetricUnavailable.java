// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.podautoscaler;

import java.io.Serial;

/** A metric does not say how many replicas are wanted; the message is for the autoscaler's condition. */
final class MetricUnavailable extends Exception {
    @Serial
    private static final long serialVersionUID = 1;

    MetricUnavailable(String message) {
        super(message);
    }
}

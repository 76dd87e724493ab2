// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.probe;

import io.fabric8.kubernetes.api.model.Probe;
import org.jspecify.annotations.Nullable;

/**
 * Turns single outcomes into a result: so many in a row are needed to fail, so many to pass. Pure but for its own counters;
 * confined to the probe's thread.
 */
final class ProbeCounter {
    private final int failureThreshold;
    private final int successThreshold;
    private ProbeResult result;
    private boolean isLastSuccess;
    private int run;

    ProbeCounter(Probe probe, ProbeResult initial) {
        this.failureThreshold = orDefault(probe.getFailureThreshold(), 3);
        this.successThreshold = orDefault(probe.getSuccessThreshold(), 1);
        this.result = initial;
    }

    /** Counts an outcome; answers whether the result changed. */
    boolean record(boolean isSuccess) {
        run = run > 0 && isSuccess == isLastSuccess ? run + 1 : 1;
        isLastSuccess = isSuccess;
        if (run < (isSuccess ? successThreshold : failureThreshold)) {
            return false;
        }
        ProbeResult next = isSuccess ? ProbeResult.SUCCESS : ProbeResult.FAILURE;
        boolean isChanged = next != result;
        result = next;
        return isChanged;
    }

    ProbeResult result() {
        return result;
    }

    static int orDefault(@Nullable Integer value, int fallback) {
        return value == null || value == 0 ? fallback : value;
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.node;

import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.Toleration;

/** The one rule of which toleration matches which taint. Pure. */
public final class TaintRules {

    private TaintRules() {}

    /** Whether a toleration matches a taint, by the rules of the API. */
    public static boolean tolerates(Toleration toleration, Taint taint) {
        return Tolerations.tolerates(toleration, taint);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.authorization;

import java.util.List;

/** Decides whether something is allowed. Implementations are thread-safe and quick: they run on every request. */
@FunctionalInterface
public interface Authorizer {

    /**
     * The answer.
     *
     * @param allowed whether it may be done
     * @param reason why, for people; may be empty
     */
    record Decision(boolean allowed, String reason) {
        public static final Decision NO_OPINION = new Decision(false, "");
    }

    Decision authorize(Attributes attributes);

    /** Asks one after the other; the first that allows wins. */
    static Authorizer anyOf(List<Authorizer> authorizers) {
        return attributes -> {
            StringBuilder reasons = new StringBuilder();
            for (Authorizer authorizer : authorizers) {
                Decision decision = authorizer.authorize(attributes);
                if (decision.allowed()) {
                    return decision;
                }
                if (!decision.reason().isEmpty()) {
                    reasons.append(reasons.isEmpty() ? "" : "\n").append(decision.reason());
                }
            }
            return new Decision(false, reasons.toString());
        };
    }
}

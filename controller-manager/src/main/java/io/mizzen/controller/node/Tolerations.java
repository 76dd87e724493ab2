// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.node;

import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.Toleration;
import io.mizzen.client.selector.Taints;
import io.mizzen.controller.condition.Timestamps;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** How long a pod may stay on a tainted node. Pure. */
final class Tolerations {

    private Tolerations() {}

    /** What to do with the pod. */
    sealed interface Stay {
        /** As long as it likes. */
        record ForEver() implements Stay {}

        /** Until then. */
        record Until(Instant time) implements Stay {}

        /** Not at all. */
        record No() implements Stay {}
    }

    /**
     * @param taints the taints of the node; only those of effect NoExecute count
     * @param tolerations those of the pod
     * @param bound when the pod came to the node: it tolerates no taint before it is there
     * @param now when taints that do not say so count as added
     */
    static Stay decide(List<Taint> taints, List<Toleration> tolerations, Instant bound, Instant now) {
        Optional<Instant> earliest = Optional.empty();
        for (Taint taint : taints) {
            if (!"NoExecute".equals(taint.getEffect())) {
                continue;
            }
            List<Toleration> matching =
                    tolerations.stream().filter(t -> Taints.covers(t, taint)).toList();
            if (matching.isEmpty()) {
                return new Stay.No();
            }
            Optional<Long> seconds = matching.stream()
                    .map(Toleration::getTolerationSeconds)
                    .filter(Objects::nonNull)
                    .min(Long::compare);
            if (seconds.isPresent()) {
                Instant added = Timestamps.parse(taint.getTimeAdded()).orElse(now);
                Instant start = added.isAfter(bound) ? added : bound;
                Instant until = start.plus(Duration.ofSeconds(Math.max(0, seconds.get())));
                earliest = Optional.of(earliest.filter(e -> e.isBefore(until)).orElse(until));
            }
        }
        return earliest.<Stay>map(Stay.Until::new).orElse(new Stay.ForEver());
    }
}

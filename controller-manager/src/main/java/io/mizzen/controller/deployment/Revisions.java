// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.deployment;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The annotations by which a Deployment numbers and describes its ReplicaSets. */
final class Revisions {

    static final String REVISION = "deployment.kubernetes.io/revision";
    static final String HISTORY = "deployment.kubernetes.io/revision-history";
    static final String DESIRED = "deployment.kubernetes.io/desired-replicas";
    static final String MAX = "deployment.kubernetes.io/max-replicas";

    private static final int HISTORY_CHARS = 2000;
    private static final Set<String> NOT_COPIED = Set.of(
            "kubectl.kubernetes.io/last-applied-configuration",
            REVISION,
            HISTORY,
            DESIRED,
            MAX,
            "deprecated.deployment.rollback.to");

    private Revisions() {}

    static Map<String, String> annotations(HasMetadata object) {
        Map<String, String> annotations = object.getMetadata().getAnnotations();
        return annotations == null ? Map.of() : annotations;
    }

    /** The revision of a set; 0 when it has none. */
    static long revision(HasMetadata object) {
        return number(annotations(object).get(REVISION));
    }

    static long highest(Collection<ReplicaSet> sets) {
        return sets.stream().mapToLong(Revisions::revision).max().orElse(0);
    }

    /** The number in an annotation of a set; empty when it is absent or no number. */
    static OptionalInt count(ReplicaSet set, String annotation) {
        String value = annotations(set).get(annotation);
        if (value == null || !value.matches("[0-9]{1,9}")) {
            return OptionalInt.empty();
        }
        return OptionalInt.of(Integer.parseInt(value));
    }

    /** The annotations of the newest set: those of the Deployment, and its revision, with a history of earlier ones. */
    static Map<String, String> ofNewest(Deployment deployment, Map<String, String> present, long revision) {
        Map<String, String> result = new LinkedHashMap<>(present);
        annotations(deployment).forEach((name, value) -> {
            if (!NOT_COPIED.contains(name)) {
                result.put(name, value);
            }
        });
        String before = present.get(REVISION);
        if (number(before) < revision) {
            result.put(REVISION, Long.toString(revision));
            if (before != null) {
                result.put(HISTORY, appended(present.get(HISTORY), before));
            }
        }
        return result;
    }

    /** The annotations that remember for which size of the Deployment a set was scaled. */
    static Map<String, String> withSizes(Map<String, String> present, int desired, int max) {
        Map<String, String> result = new LinkedHashMap<>(present);
        result.put(DESIRED, Integer.toString(desired));
        result.put(MAX, Integer.toString(max));
        return result;
    }

    private static String appended(@Nullable String history, String revision) {
        Deque<String> revisions = new ArrayDeque<>();
        if (history != null && !history.isEmpty()) {
            revisions.addAll(Arrays.asList(history.split(",")));
        }
        revisions.addLast(revision);
        while (String.join(",", revisions).length() > HISTORY_CHARS) {
            revisions.removeFirst();
        }
        return String.join(",", revisions);
    }

    private static long number(@Nullable String text) {
        return text != null && text.matches("[0-9]{1,18}") ? Long.parseLong(text) : 0;
    }
}

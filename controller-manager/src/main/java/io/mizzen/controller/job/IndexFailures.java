// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.job;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * The failures of each index of a Job with {@code backoffLimitPerIndex} (KEP-3850). Pure. The count of an index is kept on its pods:
 * each carries how many failed before it. So the newest failed pod of an index is held, neither counted nor released, until its
 * successor is there or the index has failed.
 */
final class IndexFailures {

    static final String COUNT = "batch.kubernetes.io/job-index-failure-count";
    static final String IGNORED = "batch.kubernetes.io/job-index-ignored-failure-count";

    private final Job job;
    private final SortedSet<Integer> failed = new TreeSet<>();
    private final Map<Integer, Pod> held = new TreeMap<>();

    private IndexFailures(Job job) {
        this.job = job;
    }

    static boolean isCounted(Job job) {
        return "Indexed".equals(job.getSpec().getCompletionMode())
                && job.getSpec().getBackoffLimitPerIndex() != null;
    }

    /**
     * @param before the indexes known to have failed
     * @param completed the indexes that have succeeded
     * @param hasFailed tells whether a pod has failed for the Job
     */
    static IndexFailures of(
            Job job,
            List<Pod> pods,
            SortedSet<Integer> before,
            SortedSet<Integer> completed,
            Predicate<Pod> hasFailed) {
        IndexFailures failures = new IndexFailures(job);
        if (!isCounted(job)) {
            return failures;
        }
        failures.failed.addAll(before);
        List<Pod> open = new ArrayList<>();
        for (Pod pod : pods) {
            Optional<Integer> index = JobCore.index(pod);
            if (index.isEmpty() || completed.contains(index.get()) || index.get() >= completions(job)) {
                continue;
            }
            open.add(pod);
            if (JobCore.isTracked(pod) && hasFailed.test(pod) && isLast(job, pod)) {
                failures.failed.add(index.get());
            }
        }
        failures.hold(open, hasFailed);
        return failures;
    }

    private static boolean isLast(Job job, Pod pod) {
        FailurePolicy.Effect effect = FailurePolicy.of(job, pod);
        return effect.failIndex()
                || (effect.counts() && count(pod, COUNT) >= job.getSpec().getBackoffLimitPerIndex());
    }

    private void hold(List<Pod> open, Predicate<Pod> hasFailed) {
        Map<Integer, Pod> newest = new HashMap<>();
        for (Pod pod : open) {
            int index = JobCore.index(pod).orElseThrow();
            Pod other = newest.get(index);
            if (other == null || all(pod) > all(other)) {
                newest.put(index, pod);
            }
        }
        newest.forEach((index, pod) -> {
            if (!failed.contains(index) && JobCore.isTracked(pod) && hasFailed.test(pod)) {
                held.put(index, pod);
            }
        });
    }

    /** The indexes that will not be tried again. */
    SortedSet<Integer> failed() {
        return failed;
    }

    /** By index, the failed pod that waits for its successor. */
    Map<Integer, Pod> held() {
        return held;
    }

    boolean isHeld(Pod pod) {
        return held.containsValue(pod);
    }

    /** How many failures of an index in a row its next pod has to wait for; ignored ones count here too. */
    int inARow(int index) {
        return held.containsKey(index) ? all(held.get(index)) + 1 : 0;
    }

    /** What the next pod of an index is to carry. */
    Map<String, String> annotations(int index) {
        if (!isCounted(job)) {
            return Map.of();
        }
        Pod last = held.get(index);
        if (last == null) {
            return Map.of(COUNT, "0");
        }
        boolean counts = FailurePolicy.of(job, last).counts();
        int ignored = count(last, IGNORED) + (counts ? 0 : 1);
        String failures = Integer.toString(count(last, COUNT) + (counts ? 1 : 0));
        return ignored == 0 ? Map.of(COUNT, failures) : Map.of(COUNT, failures, IGNORED, Integer.toString(ignored));
    }

    private static int all(Pod pod) {
        return count(pod, COUNT) + count(pod, IGNORED);
    }

    private static int count(Pod pod, String name) {
        var annotations = pod.getMetadata().getAnnotations();
        String text = annotations == null ? null : annotations.get(name);
        return text != null && text.matches("[0-9]{1,9}") ? Integer.parseInt(text) : 0;
    }

    private static int completions(Job job) {
        return job.getSpec().getCompletions() == null ? 0 : job.getSpec().getCompletions();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.namespace;

import io.mizzen.controller.condition.Condition;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What one round of emptying a namespace has met, and the conditions that say so, in upstream's words. Pure.
 *
 * @param discoveryFailures groups whose resources could not be read
 * @param deletionFailures messages of refused deletions
 * @param remaining how many objects are left, by {@code resource.group}
 * @param finalizers how many of those wait for each finalizer
 */
record Leftovers(
        List<String> discoveryFailures,
        List<String> deletionFailures,
        Map<String, Integer> remaining,
        Map<String, Integer> finalizers) {

    Leftovers {
        discoveryFailures = List.copyOf(discoveryFailures);
        deletionFailures = List.copyOf(deletionFailures);
        remaining = new TreeMap<>(remaining);
        finalizers = new TreeMap<>(finalizers);
    }

    /** Whether the namespace may go. */
    boolean isEmpty() {
        return discoveryFailures.isEmpty() && deletionFailures.isEmpty() && remaining.isEmpty();
    }

    List<Condition> conditions(List<Condition> present, Instant now) {
        List<Condition> result = present;
        result = Condition.set(
                result,
                state(
                        "NamespaceDeletionDiscoveryFailure",
                        !discoveryFailures.isEmpty(),
                        "DiscoveryFailed",
                        "Discovery failed for some groups, " + discoveryFailures.size() + " failing: unable to retrieve"
                                + " the complete list of server APIs: " + String.join(", ", discoveryFailures),
                        "ResourcesDiscovered",
                        "All resources successfully discovered",
                        now));
        result = Condition.set(
                result,
                state(
                        "NamespaceDeletionGroupVersionParsingFailure",
                        false,
                        "GroupVersionParsingFailed",
                        "",
                        "ParsedGroupVersions",
                        "All legacy kube types successfully parsed",
                        now));
        result = Condition.set(
                result,
                state(
                        "NamespaceDeletionContentFailure",
                        !deletionFailures.isEmpty(),
                        "ContentDeletionFailed",
                        "Failed to delete all resource types, " + deletionFailures.size() + " remaining: "
                                + String.join(", ", deletionFailures),
                        "ContentDeleted",
                        "All content successfully deleted, may be waiting on finalization",
                        now));
        result = counted(
                result,
                "NamespaceContentRemaining",
                !remaining.isEmpty(),
                "SomeResourcesRemain",
                "Some resources are remaining: " + listed(remaining, " has ", " resource instances"),
                "ContentRemoved",
                "All content successfully removed",
                now);
        return counted(
                result,
                "NamespaceFinalizersRemaining",
                !finalizers.isEmpty(),
                "SomeFinalizersRemain",
                "Some content in the namespace has finalizers remaining: "
                        + listed(finalizers, " in ", " resource instances"),
                "ContentHasNoFinalizers",
                "All content-preserving finalizers finished",
                now);
    }

    /** A condition whose message counts: written also when only the message is another. */
    private static List<Condition> counted(
            List<Condition> present,
            String type,
            boolean bad,
            String badReason,
            String badMessage,
            String goodReason,
            String goodMessage,
            Instant now) {
        Condition wanted = state(type, bad, badReason, badMessage, goodReason, goodMessage, now);
        boolean same = Condition.find(present, type)
                .map(c -> c.status().equals(wanted.status()) && c.message().equals(wanted.message()))
                .orElse(false);
        return same ? present : Condition.replace(present, wanted);
    }

    private static Condition state(
            String type,
            boolean bad,
            String badReason,
            String badMessage,
            String goodReason,
            String goodMessage,
            Instant now) {
        return bad
                ? Condition.of(type, "True", badReason, badMessage, now)
                : Condition.of(type, "False", goodReason, goodMessage, now);
    }

    private static String listed(Map<String, Integer> counts, String middle, String end) {
        List<String> parts = new ArrayList<>();
        counts.forEach((name, count) -> parts.add(name + middle + count + end));
        return String.join(", ", parts);
    }
}

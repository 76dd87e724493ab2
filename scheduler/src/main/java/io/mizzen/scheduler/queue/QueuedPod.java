// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.queue;

import io.mizzen.scheduler.framework.ExtensionPoint.QueueOrder;
import io.mizzen.scheduler.framework.PodInfo;
import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A pod with its history in the queue. Owned by the queue while it waits, and by the one who popped it until it is given back or
 * done.
 */
public final class QueuedPod {
    private final long sequence;
    private final Instant added;
    private PodInfo pod;
    private Instant timestamp;
    private @Nullable Instant firstAttempt;
    private int attempts;
    private int unschedulableCount;
    private int consecutiveErrors;
    private Set<String> unschedulablePlugins = Set.of();
    private Set<String> pendingPlugins = Set.of();
    private @Nullable String gatingPlugin;
    private Instant backoffUntil = Instant.EPOCH;
    private boolean isActivated;

    QueuedPod(PodInfo pod, Instant now, long sequence) {
        this.pod = pod;
        this.added = now;
        this.timestamp = now;
        this.sequence = sequence;
    }

    /** The pod as last seen. */
    public PodInfo pod() {
        return pod;
    }

    /** How often it was tried, the present try included. */
    public int attempts() {
        return attempts;
    }

    /** When it first came into the queue. */
    public Instant added() {
        return added;
    }

    /** When it was first tried, null before that. */
    public @Nullable Instant firstAttempt() {
        return firstAttempt;
    }

    /** The plugins that refused it last. */
    public Set<String> unschedulablePlugins() {
        return unschedulablePlugins;
    }

    /** The plugin that keeps it gated, null where none does. */
    public @Nullable String gatingPlugin() {
        return gatingPlugin;
    }

    /** When its back-off ends. */
    public Instant backoffUntil() {
        return backoffUntil;
    }

    /** Takes a newer version of the pod; only its present owner may. */
    public void renew(PodInfo newer) {
        pod = newer;
    }

    /** Notes the outcome of a try that found no node. Where no plugin refused there is no event to wait for: it is as an error. */
    public void rejectedBy(Set<String> unschedulable, Set<String> pending) {
        if (unschedulable.isEmpty() && pending.isEmpty()) {
            failedByError();
            return;
        }
        unschedulablePlugins = Set.copyOf(unschedulable);
        pendingPlugins = Set.copyOf(pending);
        unschedulableCount++;
        consecutiveErrors = 0;
    }

    /** Notes the outcome of a try that broke. */
    public void failedByError() {
        unschedulablePlugins = Set.of();
        pendingPlugins = Set.of();
        consecutiveErrors++;
    }

    QueueOrder order() {
        return new QueueOrder(
                pod.priority(), timestamp.getEpochSecond() * 1_000_000_000L + timestamp.getNano(), sequence);
    }

    void popped(Instant now) {
        attempts++;
        isActivated = false;
        if (firstAttempt == null) {
            firstAttempt = now;
        }
    }

    void queuedAt(Instant now) {
        timestamp = now;
    }

    Instant timestamp() {
        return timestamp;
    }

    Set<String> pendingPlugins() {
        return pendingPlugins;
    }

    int backoffAttempts() {
        return consecutiveErrors > 0 ? consecutiveErrors : unschedulableCount;
    }

    boolean failedByErrorLast() {
        return consecutiveErrors > 0;
    }

    void backOffUntil(Instant until) {
        backoffUntil = until;
    }

    void gatedBy(@Nullable String plugin) {
        gatingPlugin = plugin;
    }

    void activate() {
        isActivated = true;
    }

    boolean isActivated() {
        return isActivated;
    }

    long sequence() {
        return sequence;
    }
}

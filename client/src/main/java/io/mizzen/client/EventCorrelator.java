// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import io.fabric8.kubernetes.api.model.ObjectReference;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Decides what becomes of an event, as Kubernetes' event recorder does: a burst from one source about one object is cut
 * (25 at once, then one in five minutes); more than ten similar ones in ten minutes are combined into one; a repeated
 * one raises the count of the first. A pure state machine: one thread owns it, time comes in.
 */
final class EventCorrelator {

    private static final int SPAM_BURST = 25;
    private static final double SPAM_PER_SECOND = 1.0 / 300;
    private static final int SIMILAR = 10;
    private static final Duration SIMILAR_WINDOW = Duration.ofMinutes(10);
    private static final int CACHE = 4096;

    /** An event as it was recorded. */
    record Observed(ObjectReference regarding, String type, String reason, String message, Instant at) {}

    /**
     * What to write.
     *
     * @param key under which the stored event's name is to be told by {@link #stored}
     * @param message the message to write, perhaps of several events together
     * @param count how often it has happened
     * @param first when it first happened
     * @param existing the name of the stored event to raise; a new one is made when empty
     */
    record Decision(String key, String message, int count, Instant first, Optional<String> existing) {}

    private static final class Lru<V> extends LinkedHashMap<String, V> {
        Lru() {
            super(64, 0.75f, true);
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, V> eldest) {
            return size() > CACHE;
        }
    }

    private record Bucket(double tokens, Instant at) {}

    private record Similar(Set<String> messages, Instant last) {}

    private record Seen(int count, Instant first, Optional<String> name) {}

    private final Lru<Bucket> buckets = new Lru<>();
    private final Lru<Similar> similar = new Lru<>();
    private final Lru<Seen> seen = new Lru<>();

    /** What to write for an event; empty when it is spam. */
    Optional<Decision> observe(Observed event) {
        String about = about(event.regarding());
        if (!takeToken(about, event.at())) {
            return Optional.empty();
        }
        String group = about + "|" + event.type() + "|" + event.reason();
        Similar known = similar.get(group);
        Set<String> messages =
                known == null || Duration.between(known.last(), event.at()).compareTo(SIMILAR_WINDOW) > 0
                        ? new HashSet<>()
                        : new HashSet<>(known.messages());
        messages.add(event.message());
        boolean combine = messages.size() >= SIMILAR;
        if (messages.size() > SIMILAR) {
            messages.remove(event.message());
        }
        similar.put(group, new Similar(messages, event.at()));
        String message = combine ? "(combined from similar events): " + event.message() : event.message();
        String key = combine ? group : group + "|" + event.message();
        Seen before = seen.get(key);
        Seen now = before == null
                ? new Seen(1, event.at(), Optional.empty())
                : new Seen(before.count() + 1, before.first(), before.name());
        seen.put(key, now);
        return Optional.of(new Decision(key, message, now.count(), now.first(), now.name()));
    }

    /** Tells under which name the event of a decision is stored now. */
    void stored(String key, String name) {
        Seen known = seen.get(key);
        if (known != null) {
            seen.put(key, new Seen(known.count(), known.first(), Optional.of(name)));
        }
    }

    private boolean takeToken(String about, Instant now) {
        Bucket bucket = Objects.requireNonNullElseGet(buckets.get(about), () -> new Bucket(SPAM_BURST, now));
        double seconds = Math.max(0, Duration.between(bucket.at(), now).toMillis() / 1000.0);
        double tokens = Math.min(SPAM_BURST, bucket.tokens() + seconds * SPAM_PER_SECOND);
        boolean granted = tokens >= 1;
        buckets.put(about, new Bucket(granted ? tokens - 1 : tokens, now));
        return granted;
    }

    private static String about(ObjectReference object) {
        return object.getKind() + "|" + object.getNamespace() + "|" + object.getName() + "|" + object.getUid() + "|"
                + object.getApiVersion() + "|" + object.getFieldPath();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.volume;

import io.fabric8.kubernetes.api.model.Pod;
import io.mizzen.kubelet.control.ObjectSource;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/** Keeps service-account tokens until they are due for renewal: at 80 % of their life, at most a day. */
final class TokenCache {
    private static final Duration MAX_AGE = Duration.ofHours(24);

    private final ObjectSource objects;
    private final InstantSource clock;
    private final ConcurrentMap<Key, Held> held = new ConcurrentHashMap<>();

    TokenCache(ObjectSource objects, InstantSource clock) {
        this.objects = objects;
        this.clock = clock;
    }

    private record Key(String uid, String audience, long seconds) {}

    private record Held(ObjectSource.Token token, Instant issued) {
        boolean isDue(Instant now) {
            Duration life = Duration.between(issued, token.expires());
            Duration age = Duration.between(issued, now);
            return age.compareTo(life.multipliedBy(4).dividedBy(5)) > 0 || age.compareTo(MAX_AGE) > 0;
        }
    }

    /** A token that is good for a while; an old one serves on while it lives if no new one can be had. */
    String token(Pod pod, String audience, long seconds) throws IOException {
        Key key = new Key(pod.getMetadata().getUid(), audience, seconds);
        Instant now = clock.instant();
        Held old = held.get(key);
        if (old != null && !old.isDue(now)) {
            return old.token().value();
        }
        try {
            Held fresh = new Held(objects.token(pod, audience, seconds), now);
            held.put(key, fresh);
            return fresh.token().value();
        } catch (IOException e) {
            if (old != null && old.token().expires().isAfter(now)) {
                return old.token().value();
            }
            throw e;
        }
    }

    void forget(String uid) {
        held.keySet().removeIf(k -> k.uid().equals(uid));
    }
}

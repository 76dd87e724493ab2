// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.image;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Which images go when their disk fills up: unused ones, least recently used first. Pure. */
final class ImageGarbage {
    private ImageGarbage() {}

    /**
     * What is remembered of an image.
     *
     * @param firstSeen when it came; the beginning of time for what was there at the start
     * @param lastUsed when a container of it was last there
     */
    record Memory(Instant firstSeen, Instant lastUsed) {}

    /**
     * An image on the node.
     *
     * @param id of its content
     * @param bytes its size
     * @param isUsed whether a container is made of it
     * @param isPinned whether it must stay
     */
    record Candidate(String id, long bytes, boolean isUsed, boolean isPinned) {}

    /** The memory after a look; images that are gone are forgotten. */
    static Map<String, Memory> remember(
            Map<String, Memory> before, List<Candidate> images, boolean isFirstLook, Instant now) {
        Map<String, Memory> out = new HashMap<>();
        for (Candidate image : images) {
            Memory old = before.get(image.id());
            Instant firstSeen = old != null ? old.firstSeen() : isFirstLook ? Instant.MIN : now;
            Instant lastUsed = image.isUsed() ? now : old != null ? old.lastUsed() : Instant.MIN;
            out.put(image.id(), new Memory(firstSeen, lastUsed));
        }
        return out;
    }

    /** Images that may go, in the order in which they are to go. */
    static List<Candidate> removable(
            List<Candidate> images, Map<String, Memory> memory, Duration minimumAge, Instant now) {
        record Known(Candidate image, Memory memory) {}
        return images.stream()
                .filter(i -> !i.isUsed() && !i.isPinned())
                .flatMap(i -> Stream.ofNullable(memory.get(i.id())).map(m -> new Known(i, m)))
                .filter(k -> isOldEnough(k.memory(), minimumAge, now))
                .sorted(Comparator.comparing((Known k) -> k.memory().lastUsed())
                        .thenComparing(k -> k.memory().firstSeen())
                        .thenComparing(k -> k.image().id()))
                .map(Known::image)
                .toList();
    }

    private static boolean isOldEnough(Memory memory, Duration minimumAge, Instant now) {
        return memory.firstSeen().equals(Instant.MIN)
                || Duration.between(memory.firstSeen(), now).compareTo(minimumAge) >= 0;
    }

    /** Bytes to free; 0 while the use is below the upper mark. */
    static long wanted(long capacity, long available, int highPercent, int lowPercent) {
        long usedPercent = 100 - available * 100 / capacity;
        return usedPercent >= highPercent ? Math.max(0, capacity * (100 - lowPercent) / 100 - available) : 0;
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.image;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.mizzen.kubelet.control.EventSink;
import io.mizzen.kubelet.cri.CriClient;
import io.mizzen.kubelet.cri.CriException;
import io.mizzen.kubelet.cri.v1.Container;
import io.mizzen.kubelet.cri.v1.FilesystemUsage;
import io.mizzen.kubelet.cri.v1.Image;
import io.mizzen.kubelet.stats.FileSystems;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Removes unused images when their file system fills up, least recently used first, and never the sandbox's image or one that a
 * container, running or dead, is made of. Tells by events when that does not help.
 *
 * <p>One virtual thread {@code image-gc}; {@link #freeAll} may be called from another and waits for a round that runs.
 */
public final class ImageCollector implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ImageCollector.class);

    private final Policy policy;
    private final String pauseImage;
    private final CriClient cri;
    private final EventSink events;
    private final InstantSource clock;
    private final Thread thread;
    private final ReentrantLock round = new ReentrantLock();

    @GuardedBy("round")
    private Map<String, ImageGarbage.Memory> memory = Map.of();

    @GuardedBy("round")
    private boolean isFirstLook = true;

    private boolean hasFailed;

    /**
     * When images go.
     *
     * @param highPercent use of the file system from which images are removed; 100 for never
     * @param lowPercent use that is aimed at
     * @param minimumAge an image younger than this stays
     * @param period between two looks
     */
    public record Policy(int highPercent, int lowPercent, Duration minimumAge, Duration period) {
        /** Checks. */
        public Policy {
            if (lowPercent < 0 || highPercent > 100 || lowPercent >= highPercent) {
                throw new IllegalArgumentException("image GC: the low threshold " + lowPercent
                        + " must be less than the high threshold " + highPercent + ", both from 0 to 100");
            }
        }

        /** Upstream's figures. */
        public static Policy defaults() {
            return new Policy(85, 80, Duration.ofMinutes(2), Duration.ofMinutes(5));
        }
    }

    /**
     * @param policy when images go
     * @param pauseImage name of the sandbox's image
     * @param cri the runtime
     * @param events told of failures
     */
    public ImageCollector(Policy policy, String pauseImage, CriClient cri, EventSink events, InstantSource clock) {
        this.policy = policy;
        this.pauseImage = pauseImage;
        this.cri = cri;
        this.events = events;
        this.clock = clock;
        this.thread = Thread.ofVirtual().name("image-gc").unstarted(this::loop);
    }

    /** Starts. */
    public void start() {
        thread.start();
    }

    private void loop() {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                collect();
                hasFailed = false;
            } catch (CriException | IOException e) {
                if (Thread.currentThread().isInterrupted()) {
                    return;
                }
                // Each further failure is told by an event alone.
                LOG.atLevel(hasFailed ? Level.DEBUG : Level.WARN)
                        .log("Images could not be collected: {}", e.getMessage());
                if (hasFailed) {
                    // The first failure is often that of a runtime that is not there yet.
                    events.nodeEvent(true, "ImageGCFailed", String.valueOf(e.getMessage()));
                }
                hasFailed = true;
            } catch (RuntimeException e) {
                LOG.error("Image collection failed", e);
            }
            LockSupport.parkNanos(policy.period().toNanos());
        }
    }

    private void collect() throws CriException, IOException {
        Optional<FilesystemUsage> images =
                cri.imageFsInfo().getImageFilesystemsList().stream().findFirst();
        if (images.isEmpty()) {
            throw new IOException("the runtime names no image file system");
        }
        FileSystems.Space space = FileSystems.of(Path.of(images.get().getFsId().getMountpoint()));
        if (space.capacityBytes() == 0) {
            events.nodeEvent(true, "InvalidDiskCapacity", "invalid capacity 0 on image filesystem");
            throw new IOException("invalid capacity 0 on image filesystem");
        }
        long wanted = policy.highPercent() == 100
                ? 0
                : ImageGarbage.wanted(
                        space.capacityBytes(), space.availableBytes(), policy.highPercent(), policy.lowPercent());
        long freed = free(wanted);
        if (freed < wanted) {
            String text = "Failed to garbage collect required amount of images. Attempted to free " + wanted
                    + " bytes, but only found " + freed + " bytes eligible to free.";
            events.nodeEvent(true, "FreeDiskSpaceFailed", text);
            throw new IOException(text);
        }
    }

    /** Removes every image that may go. */
    public void freeAll() {
        try {
            long freed = free(Long.MAX_VALUE);
            LOG.info("Unused images of {} bytes were removed", freed);
        } catch (CriException e) {
            LOG.warn("Unused images could not be removed: {}", e.getMessage());
        }
    }

    /** Looks at all images and removes so many of those that may go; answers the bytes freed. */
    private long free(long wanted) throws CriException {
        round.lock();
        try {
            Instant now = clock.instant();
            List<ImageGarbage.Candidate> images = candidates();
            memory = ImageGarbage.remember(memory, images, isFirstLook, now);
            isFirstLook = false;
            long freed = 0;
            for (ImageGarbage.Candidate image : ImageGarbage.removable(images, memory, policy.minimumAge(), now)) {
                if (freed >= wanted) {
                    break;
                }
                LOG.info("Image {} of {} bytes is removed", image.id(), image.bytes());
                cri.removeImage(image.id());
                freed += image.bytes();
            }
            return freed;
        } finally {
            round.unlock();
        }
    }

    private List<ImageGarbage.Candidate> candidates() throws CriException {
        Set<String> used = new HashSet<>();
        for (Container container : cri.listContainers(Map.of())) {
            used.add(container.getImageRef());
            used.add(container.getImage().getImage());
        }
        List<ImageGarbage.Candidate> out = new ArrayList<>();
        for (Image image : cri.listImages()) {
            Set<String> names = new HashSet<>(image.getRepoTagsList());
            names.addAll(image.getRepoDigestsList());
            names.add(image.getId());
            boolean isPinned = image.getPinned() || names.contains(pauseImage);
            out.add(new ImageGarbage.Candidate(
                    image.getId(), image.getSize(), names.stream().anyMatch(used::contains), isPinned));
        }
        return out;
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}

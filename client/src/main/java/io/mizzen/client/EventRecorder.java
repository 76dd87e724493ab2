// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes core/v1 events from a thread of its own, named {@code <component>-events}. At most 1000 wait; further ones are
 * dropped and counted. Names are {@code <object>.<hex of the nanoseconds>}, as Kubernetes' are. A write without an
 * answer is tried three times, half a second apart; events are help for people, not state.
 *
 * <p>{@link #close} writes what is queued for at most five seconds.
 */
public final class EventRecorder implements EventSink, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(EventRecorder.class);
    private static final int QUEUE = 1000;
    private static final int MESSAGE_LIMIT = 1024;
    private static final int TRIES = 3;
    private static final Duration DRAIN = Duration.ofSeconds(5);

    private final ApiClient api;
    private final String component;
    private final String host;
    private final InstantSource clock;
    private final BlockingQueue<EventCorrelator.Observed> queue = new ArrayBlockingQueue<>(QUEUE);
    private final EventCorrelator correlator = new EventCorrelator();
    private final Counter dropped;
    private final Thread thread;
    private volatile boolean closing;
    private long lastNanos;

    private EventRecorder(ApiClient api, String component, String host, InstantSource clock, MeterRegistry registry) {
        this.api = api;
        this.component = component;
        this.host = host;
        this.clock = clock;
        this.dropped = registry.counter("mizzen_events_dropped_total", "name", component);
        this.thread = Thread.ofVirtual().name(component + "-events").unstarted(this::run);
    }

    /**
     * Starts a recorder.
     *
     * @param component the {@code source.component} of its events, such as {@code deployment-controller}
     * @param host the {@code source.host}; empty for components that belong to no node
     */
    public static EventRecorder start(
            ApiClient api, String component, String host, InstantSource clock, MeterRegistry registry) {
        EventRecorder recorder = new EventRecorder(api, component, host, clock, registry);
        recorder.thread.start();
        return recorder;
    }

    @Override
    public void event(ObjectReference regarding, String type, String reason, String message) {
        String cut = message.length() > MESSAGE_LIMIT ? message.substring(0, MESSAGE_LIMIT) : message;
        if (closing || !queue.offer(new EventCorrelator.Observed(regarding, type, reason, cut, clock.instant()))) {
            dropped.increment();
        }
    }

    @Override
    public void close() {
        closing = true;
        try {
            if (!thread.join(DRAIN)) {
                thread.interrupt();
                if (!thread.join(Duration.ofSeconds(2))) {
                    log.error("Event recorder {} did not end in time", component);
                }
            }
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            while (!closing || !queue.isEmpty()) {
                EventCorrelator.Observed event = queue.poll(200, TimeUnit.MILLISECONDS);
                if (event != null) {
                    handle(event);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void handle(EventCorrelator.Observed event) throws InterruptedException {
        Optional<EventCorrelator.Decision> decision = correlator.observe(event);
        if (decision.isEmpty()) {
            dropped.increment();
            return;
        }
        for (int attempt = 1; attempt <= TRIES; attempt++) {
            try {
                correlator.stored(decision.get().key(), write(event, decision.get()));
                return;
            } catch (KubernetesClientException e) {
                if (e.getCode() != 0) {
                    log.debug("Event {} of {} was refused: {}", event.reason(), event.regarding(), e.getMessage());
                    return;
                }
                if (attempt < TRIES && !closing) {
                    TimeUnit.MILLISECONDS.sleep(500);
                }
            } catch (RuntimeException e) {
                log.warn("Event {} could not be written", event.reason(), e);
                return;
            }
        }
        dropped.increment();
    }

    private String write(EventCorrelator.Observed event, EventCorrelator.Decision decision) {
        if (decision.existing().isPresent()) {
            ObjectNode patch = Json.object()
                    .put("count", decision.count())
                    .put("message", decision.message())
                    .put("lastTimestamp", seconds(event.at()));
            try {
                ObjectKey key =
                        new ObjectKey(namespace(event), decision.existing().get());
                return api.patch(Event.class, key, patch).getMetadata().getName();
            } catch (KubernetesClientException e) {
                if (!ApiErrors.isNotFound(e)) {
                    throw e;
                }
            }
        }
        return api.create(newEvent(event, decision)).getMetadata().getName();
    }

    private Event newEvent(EventCorrelator.Observed event, EventCorrelator.Decision decision) {
        var builder = new EventBuilder()
                .withNewMetadata()
                .withNamespace(namespace(event))
                .withName(event.regarding().getName() + "." + Long.toHexString(uniqueNanos(event.at())))
                .endMetadata()
                .withInvolvedObject(event.regarding())
                .withReason(event.reason())
                .withMessage(decision.message())
                .withType(event.type())
                .withCount(decision.count())
                .withFirstTimestamp(seconds(decision.first()))
                .withLastTimestamp(seconds(event.at()))
                .withReportingComponent(component)
                .withReportingInstance(host)
                .withNewSource()
                .withComponent(component)
                .endSource();
        return host.isEmpty()
                ? builder.build()
                : builder.editSource().withHost(host).endSource().build();
    }

    private long uniqueNanos(Instant at) {
        long nanos = at.getEpochSecond() * 1_000_000_000L + at.getNano();
        lastNanos = Math.max(nanos, lastNanos + 1);
        return lastNanos;
    }

    private static String namespace(EventCorrelator.Observed event) {
        String namespace = event.regarding().getNamespace();
        return namespace == null || namespace.isEmpty() ? "default" : namespace;
    }

    private static String seconds(Instant at) {
        return at.truncatedTo(ChronoUnit.SECONDS).toString();
    }
}

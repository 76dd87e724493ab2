// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpec;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Leader election by a Lease of {@code coordination.k8s.io/v1}, compatible with client-go's: lease 15 s, renewed within
 * 10 s, tried every 2 s. A candidate judges a lease by how long it has itself seen it unchanged, never by the clock of
 * the holder. The leader gives up when it could not renew for 10 s, before anyone else may take over.
 *
 * <p>Both call-backs run on the election's thread {@code <lease name>-election}; {@code onStarted} must return soon. When
 * leadership is lost, {@code onStopped} is called and the election ends: start a new one to take part again.
 */
public final class LeaderElection implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(LeaderElection.class);

    /**
     * How a candidate takes part.
     *
     * @param lease namespace and name of the lease
     * @param identity unique name of this candidate, written into the lease
     * @param leaseDuration how long an unrenewed lease keeps others away
     * @param renewDeadline how long the leader tries to renew before it gives up
     * @param retryPeriod time between attempts
     */
    public record Options(
            ObjectKey lease, String identity, Duration leaseDuration, Duration renewDeadline, Duration retryPeriod) {

        /** Kubernetes' timings: 15 s, 10 s, 2 s. */
        public static Options standard(ObjectKey lease, String identity) {
            return new Options(lease, identity, Duration.ofSeconds(15), Duration.ofSeconds(10), Duration.ofSeconds(2));
        }
    }

    /** What a candidate should do now. */
    sealed interface Step {
        /** There is no lease: create it. */
        record Create() implements Step {}

        /** Take or renew the lease. */
        record Hold(boolean takeOver) implements Step {}

        /** Somebody else leads. */
        record Wait(String holder) implements Step {}
    }

    private final ApiClient api;
    private final Options options;
    private final EventSink events;
    private final InstantSource clock;
    private final Runnable onStarted;
    private final Runnable onStopped;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final Thread thread;
    private volatile @Nullable LeaseSpec observed;
    private volatile Instant observedAt = Instant.EPOCH;
    private volatile boolean leading;
    private volatile String leaseUid = "";

    private LeaderElection(
            ApiClient api,
            Options options,
            EventSink events,
            InstantSource clock,
            Runnable onStarted,
            Runnable onStopped) {
        this.api = api;
        this.options = options;
        this.events = events;
        this.clock = clock;
        this.onStarted = onStarted;
        this.onStopped = onStopped;
        this.thread =
                Thread.ofVirtual().name(options.lease().name() + "-election").unstarted(this::run);
    }

    /**
     * Starts to take part.
     *
     * @param events told, as of the lease, when the lead is won and lost
     */
    public static LeaderElection start(
            ApiClient api,
            Options options,
            EventSink events,
            InstantSource clock,
            Runnable onStarted,
            Runnable onStopped) {
        LeaderElection election = new LeaderElection(api, options, events, clock, onStarted, onStopped);
        election.thread.start();
        return election;
    }

    /** Whether this candidate leads now. */
    public boolean isLeading() {
        return leading;
    }

    /** Stops taking part; a leader calls {@code onStopped} and then releases the lease, so that others need not wait. */
    @Override
    public void close() {
        stop.countDown();
        try {
            if (!thread.join(Duration.ofSeconds(8))) {
                thread.interrupt();
                if (!thread.join(Duration.ofSeconds(1))) {
                    log.error("Election {} did not end in time", options.lease());
                }
            }
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
        }
    }

    /** The pure rule of the election. */
    static Step decide(
            @Nullable LeaseSpec lease, Instant observedAt, String identity, Duration ownDuration, Instant now) {
        if (lease == null) {
            return new Step.Create();
        }
        String holder = lease.getHolderIdentity();
        if (holder == null || holder.isEmpty()) {
            return new Step.Hold(true);
        }
        if (holder.equals(identity)) {
            return new Step.Hold(false);
        }
        Integer seconds = lease.getLeaseDurationSeconds();
        Duration duration = seconds == null ? ownDuration : Duration.ofSeconds(seconds);
        return now.isAfter(observedAt.plus(duration)) ? new Step.Hold(true) : new Step.Wait(holder);
    }

    private void run() {
        try {
            while (!attempt()) {
                if (pause()) {
                    return;
                }
            }
            leading = true;
            log.info("{} became leader of {}", options.identity(), options.lease());
            tell("became leader");
            onStarted.run();
            boolean stopped = renewUntilLost();
            leading = false;
            log.info("{} stopped leading {}", options.identity(), options.lease());
            tell("stopped leading");
            onStopped.run();
            if (stopped) {
                release();
            }
        } catch (InterruptedException e) {
            if (leading) {
                leading = false;
                onStopped.run();
            }
            Thread.currentThread().interrupt();
        }
    }

    private void tell(String what) {
        ObjectReference lease = new ObjectReferenceBuilder()
                .withApiVersion("coordination.k8s.io/v1")
                .withKind("Lease")
                .withNamespace(options.lease().namespace())
                .withName(options.lease().name())
                .withUid(leaseUid)
                .build();
        events.event(lease, "Normal", "LeaderElection", options.identity() + " " + what);
    }

    /** Returns whether it ended because of {@link #close}, rather than by losing the lease. */
    private boolean renewUntilLost() throws InterruptedException {
        Instant renewed = clock.instant();
        while (true) {
            if (pause()) {
                return true;
            }
            Duration left = Duration.between(clock.instant(), renewed.plus(options.renewDeadline()));
            if (attemptWithin(left)) {
                renewed = clock.instant();
            } else if (clock.instant().isAfter(renewed.plus(options.renewDeadline())) || isOthers()) {
                return false;
            }
        }
    }

    /**
     * One attempt that may not outlast the time to renew: a server that hangs must not make a leader of the past go on. Such an
     * attempt is given up, and with it the lead.
     */
    private boolean attemptWithin(Duration left) throws InterruptedException {
        CompletableFuture<Boolean> result = new CompletableFuture<>();
        Thread attempt = Thread.ofVirtual()
                .name(options.lease().name() + "-renewal")
                .start(() -> {
                    try {
                        result.complete(attempt());
                    } catch (RuntimeException broken) {
                        result.completeExceptionally(broken);
                    }
                });
        try {
            return result.get(Math.max(1, left.toMillis() + 1), TimeUnit.MILLISECONDS);
        } catch (TimeoutException late) {
            attempt.interrupt();
            return false;
        } catch (ExecutionException broken) {
            log.warn("Lease {} could not be renewed", options.lease(), broken.getCause());
            return false;
        }
    }

    private boolean isOthers() {
        LeaseSpec lease = observed;
        return lease != null
                && lease.getHolderIdentity() != null
                && !lease.getHolderIdentity().isEmpty()
                && !lease.getHolderIdentity().equals(options.identity());
    }

    private boolean pause() throws InterruptedException {
        long millis = options.retryPeriod().toMillis();
        long jittered = leading
                ? millis
                : (long) (millis * (1 + 0.2 * ThreadLocalRandom.current().nextDouble()));
        return stop.await(jittered, TimeUnit.MILLISECONDS);
    }

    private boolean attempt() {
        try {
            Optional<Lease> lease = api.find(Lease.class, options.lease());
            LeaseSpec spec = lease.map(Lease::getSpec).orElse(null);
            if (!Objects.equals(spec, observed)) {
                observed = spec;
                observedAt = clock.instant();
            }
            return switch (decide(spec, observedAt, options.identity(), options.leaseDuration(), clock.instant())) {
                case Step.Create ignored ->
                    lease.isPresent() ? write(api.update(held(lease.get(), true))) : write(api.create(fresh()));
                case Step.Hold hold -> write(api.update(held(lease.orElseThrow(), hold.takeOver())));
                case Step.Wait wait -> {
                    log.debug("{} is led by {}", options.lease(), wait.holder());
                    yield false;
                }
            };
        } catch (KubernetesClientException e) {
            log.debug("Election {}: {}", options.lease(), e.getMessage());
            return false;
        }
    }

    private boolean write(Lease stored) {
        observed = stored.getSpec();
        observedAt = clock.instant();
        leaseUid = Objects.requireNonNullElse(stored.getMetadata().getUid(), "");
        return true;
    }

    private Lease fresh() {
        ZonedDateTime now = ZonedDateTime.ofInstant(clock.instant(), ZoneOffset.UTC);
        return new LeaseBuilder()
                .withNewMetadata()
                .withNamespace(options.lease().namespace())
                .withName(options.lease().name())
                .endMetadata()
                .withNewSpec()
                .withHolderIdentity(options.identity())
                .withLeaseDurationSeconds((int) options.leaseDuration().toSeconds())
                .withAcquireTime(now)
                .withRenewTime(now)
                .withLeaseTransitions(0)
                .endSpec()
                .build();
    }

    private Lease held(Lease lease, boolean takeOver) {
        ZonedDateTime now = ZonedDateTime.ofInstant(clock.instant(), ZoneOffset.UTC);
        var builder = new LeaseBuilder(lease)
                .editOrNewSpec()
                .withHolderIdentity(options.identity())
                .withLeaseDurationSeconds((int) options.leaseDuration().toSeconds())
                .withRenewTime(now);
        if (takeOver) {
            Integer before = lease.getSpec() == null ? null : lease.getSpec().getLeaseTransitions();
            builder.withAcquireTime(now).withLeaseTransitions(before == null ? 1 : before + 1);
        }
        return builder.endSpec().build();
    }

    private void release() {
        try {
            Optional<Lease> lease = api.find(Lease.class, options.lease());
            if (lease.isPresent() && !isOthers()) {
                Lease free = new LeaseBuilder(lease.get())
                        .editOrNewSpec()
                        .withHolderIdentity("")
                        .withLeaseDurationSeconds(1)
                        .endSpec()
                        .build();
                observed = api.update(free).getSpec();
            }
        } catch (KubernetesClientException e) {
            log.info("Lease {} could not be released: {}", options.lease(), e.getMessage());
        }
    }
}

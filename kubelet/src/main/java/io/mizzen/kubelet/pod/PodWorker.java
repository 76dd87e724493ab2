// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.pod;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.mizzen.kubelet.admission.Admission;
import io.mizzen.kubelet.admission.Rejection;
import io.mizzen.kubelet.cri.CriException;
import io.mizzen.kubelet.probe.PodProbes;
import io.mizzen.kubelet.runtime.RuntimePod;
import io.mizzen.kubelet.runtime.RuntimeSandbox;
import io.mizzen.kubelet.runtime.SandboxConfigs;
import io.mizzen.kubelet.status.PodStatusComposer;
import io.mizzen.kubelet.status.StatusInput;
import io.mizzen.kubelet.status.Times;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The life of one pod on this node, from top to bottom: it is synced until it is to end, ended within its grace, cleaned up, and
 * at last forgotten. One virtual thread; it alone touches the pod's state, runtime objects and files.
 *
 * <p>A restart of the kubelet begins this life anew for a pod that already runs: syncing then finds nothing to do.
 */
public final class PodWorker {
    private static final Logger LOG = LoggerFactory.getLogger(PodWorker.class);
    private static final Duration FIRST_RETRY = Duration.ofMillis(500);
    private static final Duration MAX_RETRY = Duration.ofSeconds(10);

    private final PodServices services;
    private final PodMailbox mailbox;
    private final PodState state;
    private final PodSync sync;
    private final PodKiller killer;
    private final Consumer<String> onEnd;
    private final String uid;
    private final Instant seenAt;
    private final Thread thread;
    private Duration retry = FIRST_RETRY;
    private boolean hasRun;
    private volatile boolean hasEnded;

    private PodWorker(PodServices services, Pod pod, RandomGenerator random, Consumer<String> onEnd) {
        this.services = services;
        this.onEnd = onEnd;
        this.uid = pod.getMetadata().getUid();
        this.seenAt = services.clock().instant();
        this.mailbox = new PodMailbox(pod);
        this.state = new PodState(
                new PodProbes(services.prober(), services.events(), services.clock(), random, mailbox::wake));
        Hooks hooks = new Hooks(services.cri());
        this.killer = new PodKiller(services, hooks);
        this.sync = new PodSync(services, state, killer, hooks, mailbox);
        this.thread = Thread.ofVirtual()
                .name("pod-" + pod.getMetadata().getNamespace() + "_"
                        + pod.getMetadata().getName())
                .unstarted(this::live);
    }

    /**
     * Begins the life of a pod here.
     *
     * @param onEnd called with the uid on the worker's thread when the pod is gone without trace
     */
    static PodWorker start(PodServices services, Pod pod, RandomGenerator random, Consumer<String> onEnd) {
        PodWorker worker = new PodWorker(services, pod, random, onEnd);
        worker.thread.start();
        return worker;
    }

    /** A newer version of the pod. */
    void update(Pod pod) {
        mailbox.put(pod);
    }

    /** The pod is in the API no more. */
    void remove(Pod last) {
        // The API server counts it no more, and has perhaps given its room away: it may still be ending here.
        services.admission().leave(uid);
        mailbox.remove(last);
    }

    /** The node ends the pod. */
    void evict(PodMailbox.Eviction order) {
        mailbox.evict(order);
    }

    /** Whether nothing of the pod runs any more, or ever will. */
    boolean hasEnded() {
        return hasEnded;
    }

    /** Something about the pod's containers may have changed. */
    void wake() {
        mailbox.wake();
    }

    /** Ends the worker and leaves the pod as it is. */
    void close() {
        mailbox.close();
    }

    /** Waits for the worker's end. */
    void join(Duration time) throws InterruptedException {
        if (!thread.join(time)) {
            LOG.warn("{} did not end in {}", thread.getName(), time);
        }
    }

    /** The newest version of the pod that the worker was given. */
    Pod pod() {
        return mailbox.peek().pod();
    }

    private void live() {
        try {
            if (runUntilItMustEnd() && end() && stayUntilRemoved()) {
                forget();
                onEnd.accept(uid);
            }
        } catch (InterruptedException e) {
            LOG.debug("{} was interrupted", thread.getName());
        } finally {
            state.probes.close();
        }
    }

    /** First part: keep it as it is to be. Answers false when the kubelet ends. */
    private boolean runUntilItMustEnd() throws InterruptedException {
        Duration wait = Duration.ZERO;
        while (true) {
            PodMailbox.Mail mail = mailbox.await(wait);
            if (mail.isClosed()) {
                return false;
            }
            Pod pod = mail.pod();
            boolean isOver = pod.getStatus() != null && PodStatusComposer.isTerminal(pod.getStatus());
            if (mail.mustEnd() || isOver || isEvicted(mail) || isPastDeadline(pod)) {
                return true;
            }
            switch (services.admission().enter(pod)) {
                case Admission.Answer.Admitted admitted -> LOG.trace("{} is in", thread.getName());
                case Admission.Answer.NotYet notYet -> {
                    wait = FIRST_RETRY;
                    continue;
                }
                case Admission.Answer.Rejected rejected -> {
                    refuse(pod, rejected.rejection());
                    return true;
                }
            }
            Instant begin = services.clock().instant();
            try {
                PodSync.Outcome outcome = sync.sync(pod);
                retry = FIRST_RETRY;
                if (outcome.isFinished()) {
                    return true;
                }
                noteRunning(pod);
                wait = untilNextLook(pod, outcome.wakeAt());
            } catch (SyncFailure e) {
                LOG.info(
                        "Pod {}/{} is not there yet: {}",
                        pod.getMetadata().getNamespace(),
                        pod.getMetadata().getName(),
                        e.getMessage());
                wait = nextRetry();
            } catch (CriException e) {
                LOG.warn(
                        "Pod {}/{} waits for the container runtime: {}",
                        pod.getMetadata().getNamespace(),
                        pod.getMetadata().getName(),
                        e.getMessage());
                wait = nextRetry();
            } catch (RuntimeException e) {
                // A defect must not end the care for the pod; it is told and tried again.
                LOG.error(
                        "Pod {}/{} could not be synced",
                        pod.getMetadata().getNamespace(),
                        pod.getMetadata().getName(),
                        e);
                wait = nextRetry();
            }
            services.metrics().synced(Duration.between(begin, services.clock().instant()));
        }
    }

    private boolean isEvicted(PodMailbox.Mail mail) {
        mail.eviction().ifPresent(e -> state.verdict = Optional.of(e.verdict()));
        return mail.eviction().isPresent();
    }

    private void refuse(Pod pod, Rejection rejection) {
        LOG.info(
                "Pod {}/{} is rejected: {}: {}",
                pod.getMetadata().getNamespace(),
                pod.getMetadata().getName(),
                rejection.reason(),
                rejection.message());
        services.events().podEvent(pod, "", true, rejection.reason(), rejection.message());
        state.verdict = Optional.of(new StatusInput.Verdict(
                rejection.reason(), "Pod was rejected: " + rejection.message(), StatusInput.Verdict.Kind.REFUSED));
    }

    /** Second part: stop what runs, within the grace. Answers false when the kubelet ends before. */
    private boolean end() throws InterruptedException {
        while (true) {
            PodMailbox.Mail mail = mailbox.peek();
            if (mail.isClosed()) {
                return false;
            }
            try {
                RuntimePod seen = sync.observe(mail.pod());
                sync.followProbes(mail.pod(), seen, true);
                boolean isAlive =
                        seen.isAnyRunning() || seen.sandboxes().stream().anyMatch(RuntimeSandbox::isReady);
                if (!isAlive) {
                    cleanUp(mail.pod(), seen);
                    return true;
                }
                sync.tell(mail.pod(), seen, true);
                killWatchingForHaste(mail.pod(), seen);
                retry = FIRST_RETRY;
            } catch (CriException | IOException e) {
                LOG.warn(
                        "Pod {}/{} cannot be ended yet: {}",
                        mail.pod().getMetadata().getNamespace(),
                        mail.pod().getMetadata().getName(),
                        e.getMessage());
                services.events()
                        .podEvent(mail.pod(), "", true, "FailedKillPod", "error killing pod: " + e.getMessage());
                if (mailbox.await(nextRetry()).isClosed()) {
                    return false;
                }
            }
        }
    }

    /** Kills in a thread of its own, so that a newer version of the pod with a shorter grace can hasten it. */
    private void killWatchingForHaste(Pod pod, RuntimePod seen) throws CriException, InterruptedException {
        Duration grace = graceOf(mailbox.peek());
        List<CriException> failures = new CopyOnWriteArrayList<>();
        Thread first = startKill(pod, seen, grace, failures);
        while (first.isAlive()) {
            PodMailbox.Mail mail = mailbox.await(Duration.ofMillis(500));
            Duration now = graceOf(mail);
            if (now.compareTo(grace) < 0) {
                LOG.info(
                        "Pod {}/{} is to end within {} now",
                        pod.getMetadata().getNamespace(),
                        pod.getMetadata().getName(),
                        now);
                grace = now;
                startKill(pod, seen, now, failures).join();
            }
            if (mail.isClosed()) {
                first.interrupt();
                return;
            }
            if (mail.isWoken() && first.isAlive()) {
                tellOfEnding(pod);
            }
        }
        if (!failures.isEmpty()) {
            throw failures.getFirst();
        }
    }

    /** What ends first, and readiness, is told while the rest still ends. */
    private void tellOfEnding(Pod pod) {
        try {
            RuntimePod seen = sync.observe(pod);
            sync.followProbes(pod, seen, true);
            sync.tell(pod, seen, true);
        } catch (CriException e) {
            LOG.debug("{} cannot be looked at while it ends: {}", thread.getName(), e.getMessage());
        }
    }

    private Thread startKill(Pod pod, RuntimePod seen, Duration grace, List<CriException> failures) {
        return Thread.ofVirtual().name("kill-" + pod.getMetadata().getName()).start(() -> {
            try {
                killer.kill(pod, seen, grace);
            } catch (CriException e) {
                failures.add(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                mailbox.wake();
            }
        });
    }

    private static Duration graceOf(PodMailbox.Mail mail) {
        Long deletion = mail.pod().getMetadata().getDeletionGracePeriodSeconds();
        long seconds = deletion != null ? deletion : SandboxConfigs.graceSeconds(mail.pod());
        long most = mail.eviction().map(PodMailbox.Eviction::graceSeconds).orElse(Long.MAX_VALUE);
        return Duration.ofSeconds(Math.clamp(seconds, 0, most));
    }

    /** Nothing runs any more: volumes and cgroup go, the last status is told. Ended containers stay for their logs. */
    private void cleanUp(Pod pod, RuntimePod seen) throws IOException {
        state.probes.close();
        PodStatus last = sync.tell(pod, seen, true);
        services.volumes().tearDown(uid);
        services.cgroups().remove(uid);
        services.images().forget(uid);
        services.admission().leave(uid);
        if (mailbox.peek().eviction().isPresent()) {
            // The disk may be what the node is short of: of an evicted pod nothing is kept, not even logs.
            removeEvicted(seen);
        }
        hasEnded = true;
        LOG.info(
                "Pod {}/{} has ended ({})",
                pod.getMetadata().getNamespace(),
                pod.getMetadata().getName(),
                last.getPhase());
    }

    private void removeEvicted(RuntimePod seen) throws IOException {
        try {
            PodRemains.remove(services, seen);
        } catch (CriException e) {
            throw new IOException("what is left of an evicted pod cannot be removed: " + e.getMessage(), e);
        }
    }

    /** Third part: wait until the API has it no more, asking for that once it is to be deleted. */
    private boolean stayUntilRemoved() throws InterruptedException {
        // Looked at before the first wait: when the last status was told already, no further message comes of it.
        PodMailbox.Mail mail = mailbox.peek();
        while (!mail.isClosed() && !mail.isRemoved()) {
            if (mail.mustEnd()) {
                services.statuses().delete(mail.pod());
            }
            mail = mailbox.await(services.node().resync());
        }
        return mail.isRemoved();
    }

    /** Last part: remove what is left on the node. */
    private void forget() throws InterruptedException {
        Pod pod = mailbox.peek().pod();
        services.statuses().forget(uid);
        services.prober().totals().forget(uid);
        while (!mailbox.peek().isClosed()) {
            try {
                RuntimePod seen = sync.observe(pod);
                PodRemains.remove(services, seen);
                return;
            } catch (CriException | IOException e) {
                LOG.warn(
                        "What is left of pod {}/{} cannot be removed yet: {}",
                        pod.getMetadata().getNamespace(),
                        pod.getMetadata().getName(),
                        e.getMessage());
                mailbox.await(nextRetry());
            }
        }
    }

    private boolean isPastDeadline(Pod pod) {
        Optional<Instant> deadline = deadlineOf(pod);
        if (deadline.isEmpty() || services.clock().instant().isBefore(deadline.get())) {
            return false;
        }
        String message = "Pod was active on the node longer than the specified deadline";
        state.verdict =
                Optional.of(new StatusInput.Verdict("DeadlineExceeded", message, StatusInput.Verdict.Kind.ENDED));
        services.events().podEvent(pod, "", false, "DeadlineExceeded", message);
        return true;
    }

    private Optional<Instant> deadlineOf(Pod pod) {
        Long seconds = pod.getSpec().getActiveDeadlineSeconds();
        PodStatus status = state.status != null ? state.status : pod.getStatus();
        if (seconds == null || status == null) {
            return Optional.empty();
        }
        return Times.parse(status.getStartTime()).map(t -> t.plusSeconds(seconds));
    }

    private Duration untilNextLook(Pod pod, Optional<Instant> wakeAt) {
        Instant next = services.clock().instant().plus(services.node().resync());
        for (Optional<Instant> candidate : List.of(wakeAt, deadlineOf(pod))) {
            if (candidate.isPresent() && candidate.get().isBefore(next)) {
                next = candidate.get();
            }
        }
        Duration wait = Duration.between(services.clock().instant(), next);
        return wait.isNegative() ? Duration.ZERO : wait.plusMillis(1);
    }

    private void noteRunning(Pod pod) {
        if (!hasRun && state.status != null && "Running".equals(state.status.getPhase())) {
            hasRun = true;
            services.metrics()
                    .podStarted(Duration.between(seenAt, services.clock().instant()));
            LOG.debug("Pod {} runs", pod.getMetadata().getName());
        }
    }

    private Duration nextRetry() {
        Duration now = retry;
        Duration doubled = retry.multipliedBy(2);
        retry = doubled.compareTo(MAX_RETRY) < 0 ? doubled : MAX_RETRY;
        return now;
    }
}

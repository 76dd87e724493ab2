// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.job;

import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Informer;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.Result;
import io.mizzen.client.WorkQueue;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import io.mizzen.controller.condition.Condition;
import io.mizzen.controller.condition.Timestamps;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Deletes a finished Job, in the foreground, when {@code ttlSecondsAfterFinished} have passed (KEP-592). */
public final class TtlAfterFinishedController implements Controller {

    private static final String NAME = "ttl-after-finished-controller";

    private final ControllerContext context;
    private final Informer<Job> jobs;
    private final ControllerLoop<ObjectKey> loop;

    /** Asks for its informer and waits to be started. */
    public TtlAfterFinishedController(ControllerContext context) {
        this.context = context;
        this.jobs = context.informers().of(Job.class);
        WorkQueue<ObjectKey> queue = context.queue(NAME);
        this.loop = context.loop(queue, NAME, 5, this::reconcile);
        jobs.onChange(ChangeHandler.of(job -> {
            if (expiry(job).isPresent()) {
                queue.add(ObjectKey.of(job));
            }
        }));
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return List.of(loop);
    }

    private Result reconcile(ObjectKey key) {
        Optional<Instant> cached = jobs.find(key).flatMap(TtlAfterFinishedController::expiry);
        Instant now = context.clock().instant();
        if (cached.isEmpty()) {
            return Result.done();
        }
        if (cached.get().isAfter(now)) {
            return Result.after(Duration.between(now, cached.get()));
        }
        // The time to live may have been changed a moment ago: only the newest state may be deleted on.
        Optional<Job> live = context.api().find(Job.class, key);
        Optional<Instant> expiry = live.flatMap(TtlAfterFinishedController::expiry);
        if (expiry.isEmpty() || expiry.get().isAfter(now)) {
            return expiry.map(time -> Result.after(Duration.between(now, time))).orElse(Result.done());
        }
        DeleteRequest request = DeleteRequest.ofUid(live.get().getMetadata().getUid())
                .atVersion(live.get().getMetadata().getResourceVersion())
                .with(DeleteRequest.Propagation.Foreground);
        context.api().deleteIfPresent(Job.class, key, request);
        return Result.done();
    }

    /** When a Job's time is over; empty when it has no time to live, has not finished, or is going already. */
    static Optional<Instant> expiry(Job job) {
        Integer seconds = job.getSpec().getTtlSecondsAfterFinished();
        if (seconds == null || job.getMetadata().getDeletionTimestamp() != null) {
            return Optional.empty();
        }
        return JobState.read(job).conditions().stream()
                .filter(c ->
                        c.isTrue() && (c.type().equals("Complete") || c.type().equals("Failed")))
                .map(Condition::transitioned)
                .flatMap(time -> Timestamps.parse(time).stream())
                .findFirst()
                .map(finished -> finished.plusSeconds(seconds));
    }
}

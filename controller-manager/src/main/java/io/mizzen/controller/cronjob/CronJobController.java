// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.cronjob;

import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.batch.v1.CronJob;
import io.fabric8.kubernetes.api.model.batch.v1.CronJobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.CronJobStatus;
import io.fabric8.kubernetes.api.model.batch.v1.CronJobStatusBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobSpec;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.mizzen.api.schedule.CronSchedule;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.EventSink;
import io.mizzen.client.Indexes;
import io.mizzen.client.Informer;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.OwnerReferences;
import io.mizzen.client.Result;
import io.mizzen.client.WorkQueue;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import io.mizzen.controller.cache.NewestView;
import io.mizzen.controller.condition.Timestamps;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The shell of the CronJob controller: reads the caches, asks {@link CronPlan}, performs. */
public final class CronJobController implements Controller {

    private static final String NAME = "cronjob-controller";

    private final ControllerContext context;
    /** On a time of the last start older than its own the controller would start a Job again that has gone since. */
    private final NewestView<CronJob> newest;

    private final Informer<Job> jobs;
    private final EventSink events;
    private final ControllerLoop<ObjectKey> loop;

    /** Asks for its informers and waits to be started. */
    public CronJobController(ControllerContext context) {
        this.context = context;
        Informer<CronJob> crons = context.informers().of(CronJob.class);
        this.newest = new NewestView<>(crons, context.clock());
        this.jobs = context.informers().of(Job.class);
        this.events = context.events().apply(NAME);
        WorkQueue<ObjectKey> queue = context.queue(NAME);
        this.loop = context.loop(queue, NAME, 5, this::reconcile);
        jobs.addIndex(Indexes.CONTROLLER, Indexes::controllerOf);
        crons.onChange(newest.handler(cron -> queue.add(ObjectKey.of(cron))));
        jobs.onChange(ChangeHandler.of(
                job -> OwnerReferences.controllerKey(job, "CronJob").ifPresent(queue::add)));
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return List.of(loop);
    }

    private Result reconcile(ObjectKey key) {
        Optional<CronJob> found = newest.find(key);
        if (found.isEmpty() || found.get().getMetadata().getDeletionTimestamp() != null) {
            return Result.done();
        }
        CronJob cron = found.get();
        List<Job> own = jobs.byIndex(Indexes.CONTROLLER, cron.getMetadata().getUid());
        Status status = observe(cron, own);
        Optional<ZoneId> zone = zone(cron);
        Optional<CronSchedule> schedule = schedule(cron);
        if (zone.isEmpty()
                || schedule.isEmpty()
                || Boolean.TRUE.equals(cron.getSpec().getSuspend())) {
            writeStatus(cron, status);
            CronPlan.surplus(cron, own).forEach(job -> deleteJob(cron, job));
            return Result.done();
        }
        Instant now = context.clock().instant();
        CronJob current = new CronJobBuilder(cron)
                .editOrNewStatus()
                .withLastScheduleTime(status.lastSchedule.isEmpty() ? null : status.lastSchedule)
                .endStatus()
                .build();
        CronPlan.Decision decision =
                CronPlan.decide(current, schedule.get(), zone.get(), !status.active.isEmpty(), now);
        if (isStarted(cron, decision.start())) {
            return Result.after(Duration.ofSeconds(1));
        }
        perform(cron, own, status, decision.start(), zone.get());
        writeStatus(cron, status);
        // Only when the status holds the times of Jobs may these go: they would be started again.
        CronPlan.surplus(cron, own).forEach(job -> deleteJob(cron, job));
        return decision.again().map(Result::after).orElse(Result.done());
    }

    /** Whether the newest status holds this time already, of which neither the cache nor an answer has told so far. */
    private boolean isStarted(CronJob cron, CronPlan.Start start) {
        Optional<Instant> time = switch (start) {
            case CronPlan.Start.Run run -> Optional.of(run.time());
            case CronPlan.Start.Replace replace -> Optional.of(replace.time());
            case CronPlan.Start.Nothing ignored -> Optional.empty();
            case CronPlan.Start.Missed ignored -> Optional.empty();
            case CronPlan.Start.Skip ignored -> Optional.empty();
        };
        return time.isPresent()
                && context.api()
                        .find(CronJob.class, ObjectKey.of(cron))
                        .filter(live -> live.getStatus() != null)
                        .flatMap(live -> Timestamps.parse(live.getStatus().getLastScheduleTime()))
                        .filter(last -> !last.isBefore(time.get()))
                        .isPresent();
    }

    /** What the status is to say; collected while the work is done. */
    private static final class Status {
        final List<ObjectReference> active = new ArrayList<>();
        String lastSchedule = "";
        String lastSuccess = "";
    }

    /** A Job that somebody made by hand of the CronJob's template runs beside its own: it is not waited for nor replaced. */
    private Status observe(CronJob cron, List<Job> own) {
        Status status = new Status();
        CronJobStatus before = cron.getStatus() == null ? new CronJobStatus() : cron.getStatus();
        status.lastSchedule = before.getLastScheduleTime() == null ? "" : before.getLastScheduleTime();
        status.lastSuccess = before.getLastSuccessfulTime() == null ? "" : before.getLastSuccessfulTime();
        List<ObjectReference> listed = before.getActive() == null ? List.of() : before.getActive();
        for (Job job : own) {
            String name = job.getMetadata().getName();
            boolean wasActive =
                    listed.stream().anyMatch(r -> job.getMetadata().getUid().equals(r.getUid()));
            boolean isOurs = wasActive || CronPlan.startedFor(job).isPresent();
            if (!CronPlan.isFinished(job) && isOurs) {
                status.active.add(EventSink.reference(job));
            } else if (!CronPlan.isFinished(job)) {
                events.warning(
                        cron, "UnexpectedJob", "Saw a job that the controller did not create or forgot: " + name);
            } else if (wasActive) {
                String condition = CronPlan.hasCondition(job, "Complete") ? "Complete" : "Failed";
                events.normal(cron, "SawCompletedJob", "Saw completed job: " + name + ", condition: " + condition);
            }
            CronPlan.startedFor(job)
                    .map(Timestamps::text)
                    .filter(time -> time.compareTo(status.lastSchedule) > 0)
                    .ifPresent(time -> status.lastSchedule = time);
            String completed = job.getStatus() == null ? null : job.getStatus().getCompletionTime();
            if (CronPlan.hasCondition(job, "Complete")
                    && completed != null
                    && completed.compareTo(status.lastSuccess) > 0) {
                status.lastSuccess = completed;
            }
        }
        for (ObjectReference reference : listed) {
            if (own.stream().noneMatch(job -> job.getMetadata().getUid().equals(reference.getUid()))
                    && !addIfActive(cron, status, reference.getName())) {
                events.normal(cron, "MissingJob", "Active job went missing: " + reference.getName());
            }
        }
        return status;
    }

    /** Takes in a Job that the cache does not show yet, so that it counts for the concurrency policy; false if there is none. */
    private boolean addIfActive(CronJob cron, Status status, String name) {
        Optional<Job> live =
                context.api().find(Job.class, new ObjectKey(ObjectKey.of(cron).namespace(), name));
        live.filter(job -> OwnerReferences.isControlledBy(job, cron)
                        && !CronPlan.isFinished(job)
                        && status.active.stream()
                                .noneMatch(
                                        reference -> job.getMetadata().getUid().equals(reference.getUid())))
                .ifPresent(job -> status.active.add(EventSink.reference(job)));
        return live.isPresent();
    }

    private void perform(CronJob cron, List<Job> own, Status status, CronPlan.Start start, ZoneId zone) {
        switch (start) {
            case CronPlan.Start.Nothing ignored -> {}
            case CronPlan.Start.Missed missed ->
                events.warning(
                        cron,
                        "MissSchedule",
                        "Missed scheduled time to start a job: "
                                + DateTimeFormatter.RFC_1123_DATE_TIME.format(
                                        missed.time().atZone(ZoneOffset.UTC)));
            case CronPlan.Start.Skip ignored ->
                events.normal(
                        cron,
                        "JobAlreadyActive",
                        "Not starting job because prior execution is running and concurrency policy is Forbid");
            case CronPlan.Start.Replace replace -> {
                own.stream()
                        .filter(job -> status.active.stream()
                                .anyMatch(active -> job.getMetadata().getUid().equals(active.getUid())))
                        .forEach(job -> deleteJob(cron, job));
                status.active.clear();
                createJob(cron, status, replace.time(), replace.manyMissed(), zone);
            }
            case CronPlan.Start.Run run -> createJob(cron, status, run.time(), run.manyMissed(), zone);
        }
    }

    private void createJob(CronJob cron, Status status, Instant time, boolean manyMissed, ZoneId zone) {
        if (manyMissed) {
            events.warning(
                    cron,
                    "TooManyMissedTimes",
                    "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew");
        }
        Job job = newJob(cron, time, zone);
        try {
            Job created = context.api().create(job);
            events.normal(
                    cron,
                    "SuccessfulCreate",
                    "Created job " + created.getMetadata().getName());
            status.active.add(EventSink.reference(created));
        } catch (KubernetesClientException e) {
            if (ApiErrors.isNamespaceTerminating(e)) {
                return;
            }
            if (!ApiErrors.isAlreadyExists(e)) {
                events.warning(cron, "FailedCreate", "Error creating job: " + ApiErrors.message(e));
                throw e;
            }
            addIfActive(cron, status, job.getMetadata().getName());
        }
        status.lastSchedule = Timestamps.text(time);
    }

    private static Job newJob(CronJob cron, Instant time, ZoneId zone) {
        var template = cron.getSpec().getJobTemplate();
        Map<String, String> annotations = new LinkedHashMap<>();
        Map<String, String> labels = new LinkedHashMap<>();
        if (template.getMetadata() != null) {
            if (template.getMetadata().getAnnotations() != null) {
                annotations.putAll(template.getMetadata().getAnnotations());
            }
            if (template.getMetadata().getLabels() != null) {
                labels.putAll(template.getMetadata().getLabels());
            }
        }
        annotations.put(CronPlan.SCHEDULED_FOR, DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(time.atZone(zone)));
        return new JobBuilder()
                .withNewMetadata()
                .withNamespace(cron.getMetadata().getNamespace())
                .withName(CronPlan.jobName(cron, time))
                .withAnnotations(annotations)
                .withLabels(labels)
                .withOwnerReferences(OwnerReferences.controller(cron))
                .endMetadata()
                .withSpec(Json.copy(template.getSpec(), JobSpec.class))
                .build();
    }

    private void deleteJob(CronJob cron, Job job) {
        DeleteRequest request =
                DeleteRequest.ofUid(job.getMetadata().getUid()).with(DeleteRequest.Propagation.Background);
        if (context.api().deleteIfPresent(Job.class, ObjectKey.of(job), request)) {
            events.normal(
                    cron, "SuccessfulDelete", "Deleted job " + job.getMetadata().getName());
        }
    }

    private Optional<ZoneId> zone(CronJob cron) {
        String name = cron.getSpec().getTimeZone();
        if (name == null || name.isEmpty()) {
            return Optional.of(ZoneOffset.UTC);
        }
        try {
            return Optional.of(ZoneId.of(name));
        } catch (DateTimeException e) {
            events.warning(cron, "UnknownTimeZone", "invalid timeZone: \"" + name + "\": " + e.getMessage());
            return Optional.empty();
        }
    }

    private Optional<CronSchedule> schedule(CronJob cron) {
        String text = String.valueOf(cron.getSpec().getSchedule());
        try {
            return Optional.of(new CronSchedule(text));
        } catch (IllegalArgumentException e) {
            events.warning(cron, "UnparseableSchedule", "unparseable schedule: \"" + text + "\" : " + e.getMessage());
            return Optional.empty();
        }
    }

    private void writeStatus(CronJob cron, Status status) {
        CronJobStatus before = cron.getStatus() == null ? new CronJobStatus() : cron.getStatus();
        CronJobStatus wanted = new CronJobStatusBuilder()
                .withActive(status.active)
                .withLastScheduleTime(status.lastSchedule.isEmpty() ? null : status.lastSchedule)
                .withLastSuccessfulTime(status.lastSuccess.isEmpty() ? null : status.lastSuccess)
                .build();
        List<String> listed = before.getActive() == null
                ? List.of()
                : before.getActive().stream().map(ObjectReference::getUid).toList();
        List<String> active =
                status.active.stream().map(ObjectReference::getUid).toList();
        boolean same = listed.equals(active)
                && status.lastSchedule.equals(
                        String.valueOf(before.getLastScheduleTime() == null ? "" : before.getLastScheduleTime()))
                && status.lastSuccess.equals(
                        String.valueOf(before.getLastSuccessfulTime() == null ? "" : before.getLastSuccessfulTime()));
        if (!same) {
            newest.note(context.api()
                    .updateStatus(new CronJobBuilder(cron).withStatus(wanted).build()));
        }
    }
}

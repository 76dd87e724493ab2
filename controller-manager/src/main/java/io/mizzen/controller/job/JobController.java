// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.job;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.ControllerRef;
import io.mizzen.client.EventSink;
import io.mizzen.client.Expectations;
import io.mizzen.client.Indexes;
import io.mizzen.client.Informer;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.OwnWrites;
import io.mizzen.client.OwnerReferences;
import io.mizzen.client.Patches;
import io.mizzen.client.RateLimits;
import io.mizzen.client.Result;
import io.mizzen.client.WorkQueue;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import io.mizzen.controller.cache.NewestView;
import io.mizzen.controller.pod.PodControl;
import io.mizzen.controller.pod.PodTemplates;
import io.mizzen.controller.pod.SlowStart;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The shell of the Job controller: reads the caches, asks {@link JobCore}, performs. */
public final class JobController implements Controller {

    private static final String NAME = "job-controller";
    private static final int WORKERS = 5;

    private final ControllerContext context;
    private final Informer<Job> jobs;
    /** Pods may be seen to be released before the Job's status that holds their ends is; on an old one no pod is made. */
    private final NewestView<Job> newest;

    private final Informer<Pod> pods;
    private final EventSink events;
    private final PodControl control;
    private final Expectations<ObjectKey> expectations;
    private final OwnWrites ownWrites;
    private final WorkQueue<ObjectKey> queue;
    private final WorkQueue<ObjectKey> orphans;
    private final List<ControllerLoop<?>> loops;

    /** Asks for its informers and waits to be started. */
    public JobController(ControllerContext context) {
        this.context = context;
        this.jobs = context.informers().of(Job.class);
        this.newest = new NewestView<>(jobs, context.clock());
        this.pods = context.informers().of(Pod.class);
        this.events = context.events().apply(NAME);
        this.control = new PodControl(context.api(), events);
        this.expectations = new Expectations<>(context.clock());
        this.ownWrites = OwnWrites.of(jobs, pods, context.clock());
        RateLimits limits = RateLimits.standard().withItemDelays(Duration.ofSeconds(1), Duration.ofMinutes(1));
        this.queue = new WorkQueue<>(NAME, limits, context.clock(), context.registry());
        this.orphans = context.queue("job_orphan_pod");
        this.loops = List.of(
                context.loop(queue, NAME, WORKERS, this::reconcile),
                context.loop(orphans, "job-orphan-pods", 1, this::releaseOrphan));
        pods.addIndex(Indexes.CONTROLLER, Indexes::controllerOf);
        jobs.onChange(newest.handler(job -> queue.add(ObjectKey.of(job))));
        pods.onChange(expectations.handler(pod -> OwnerReferences.controllerKey(pod, "Job"), queue));
        pods.onChange(ChangeHandler.of(this::wakeIfOrphan));
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return loops;
    }

    private Result reconcile(ObjectKey key) throws InterruptedException {
        Optional<Job> found = newest.find(key);
        if (found.isEmpty()) {
            expectations.forget(key);
            pods.inNamespace(key.namespace()).stream()
                    .filter(JobCore::isTracked)
                    .forEach(pod -> orphans.add(ObjectKey.of(pod)));
            return Result.done();
        }
        Job job = found.get();
        String manager = job.getSpec().getManagedBy();
        if (manager != null && !manager.equals("kubernetes.io/job-controller")) {
            return Result.done();
        }
        boolean showsOwnWrites = showsOwnWrites(key, job);
        List<Pod> own = claim(job);
        if (job.getMetadata().getDeletionTimestamp() != null) {
            own.stream().filter(JobCore::isTracked).forEach(this::release);
            return Result.done();
        }
        JobCore.Decision decision =
                JobCore.decide(job, own, showsOwnWrites, context.clock().instant());
        perform(key, job, decision);
        return decision.again().map(Result::after).orElse(Result.done());
    }

    private Result releaseOrphan(ObjectKey key) {
        pods.find(key)
                .filter(pod -> JobCore.isTracked(pod)
                        && OwnerReferences.controllerOf(pod)
                                .flatMap(reference -> jobs.find(new ObjectKey(key.namespace(), reference.getName()))
                                        .filter(job ->
                                                job.getMetadata().getUid().equals(reference.getUid())))
                                .isEmpty())
                .ifPresent(this::release);
        return Result.done();
    }

    /** Whether the cache shows every pod that was made; to be asked before the pods are read from it. */
    private boolean showsOwnWrites(ObjectKey key, Job job) {
        List<Pod> cached = pods.byIndex(Indexes.CONTROLLER, job.getMetadata().getUid());
        return expectations.satisfied(key) && ownWrites.areSeen(job, cached, () -> control.live(job));
    }

    private List<Pod> claim(Job job) {
        List<Pod> candidates = new ArrayList<>(
                pods.byIndex(Indexes.CONTROLLER, job.getMetadata().getUid()));
        candidates.addAll(pods.byIndex(
                Indexes.CONTROLLER, Indexes.orphansOf(ObjectKey.of(job).namespace())));
        if (job.getSpec().getSelector() == null) {
            return candidates.stream()
                    .filter(pod -> OwnerReferences.isControlledBy(pod, job))
                    .toList();
        }
        return ControllerRef.claim(
                context.api(), job, Job.class, Pod.class, job.getSpec().getSelector(), candidates);
    }

    private void perform(ObjectKey key, Job job, JobCore.Decision decision) throws InterruptedException {
        if (!decision.state().equals(JobState.read(job))) {
            newest.note(context.api()
                    .updateStatus(new JobBuilder(job)
                            .withStatus(decision.state().model())
                            .build()));
        }
        decision.events()
                .forEach(
                        event -> events.event(EventSink.reference(job), event.type(), event.reason(), event.message()));
        // From here on the status holds every end that is released.
        decision.release().forEach(this::release);
        decision.end().forEach(pod -> control.delete(job, pod));
        for (Pod pod : decision.discard()) {
            release(pod).ifPresent(current -> control.delete(job, current));
        }
        create(key, job, decision);
    }

    private void create(ObjectKey key, Job job, JobCore.Decision decision) throws InterruptedException {
        if (decision.create() == 0) {
            return;
        }
        expectations.expectCreations(key, decision.create());
        SlowStart.Outcome outcome = SlowStart.run(decision.create(), context.parallel(), i -> {
            Pod pod = decision.indexes().isEmpty() ? newPod(job) : newPod(job, decision, i);
            ownWrites.send(job, () -> control.create(job, pod));
        });
        for (int i = outcome.succeeded(); i < decision.create(); i++) {
            expectations.creationObserved(key);
        }
        if (outcome.failure().isPresent()) {
            throw outcome.failure().get();
        }
    }

    private static Pod newPod(Job job) {
        return new PodBuilder(PodTemplates.newPod(job, job.getSpec().getTemplate()))
                .editMetadata()
                .addToFinalizers(JobCore.FINALIZER)
                .endMetadata()
                .build();
    }

    private static Pod newPod(Job job, JobCore.Decision decision, int i) {
        int index = decision.indexes().get(i);
        return new PodBuilder(indexed(job, newPod(job), index))
                .editMetadata()
                .addToAnnotations(decision.annotations().getOrDefault(index, Map.of()))
                .endMetadata()
                .build();
    }

    private static Pod indexed(Job job, Pod pod, int index) {
        String text = Integer.toString(index);
        String name = job.getMetadata().getName() + "-" + text;
        Pod result = new PodBuilder(pod)
                .editMetadata()
                .withGenerateName(name + "-")
                .addToAnnotations(JobCore.INDEX, text)
                .addToLabels(JobCore.INDEX, text)
                .endMetadata()
                .editSpec()
                .withHostname(name)
                .endSpec()
                .build();
        List<Container> containers = new ArrayList<>(result.getSpec().getContainers());
        if (result.getSpec().getInitContainers() != null) {
            containers.addAll(result.getSpec().getInitContainers());
        }
        for (Container container : containers) {
            List<io.fabric8.kubernetes.api.model.EnvVar> env =
                    new ArrayList<>(container.getEnv() == null ? List.of() : container.getEnv());
            boolean present = env.stream().anyMatch(e -> "JOB_COMPLETION_INDEX".equals(e.getName()));
            if (!present) {
                env.add(new EnvVarBuilder()
                        .withName("JOB_COMPLETION_INDEX")
                        .withNewValueFrom()
                        .withNewFieldRef()
                        .withFieldPath("metadata.labels['" + JobCore.INDEX + "']")
                        .endFieldRef()
                        .endValueFrom()
                        .build());
                container.setEnv(env);
            }
        }
        return result;
    }

    /** Takes the tracking finalizer off a pod; returns it as it is then, or nothing if it is gone. */
    private Optional<Pod> release(Pod pod) {
        if (!JobCore.isTracked(pod)) {
            return Optional.of(pod);
        }
        ObjectNode patch = Patches.withoutFinalizer(pod, JobCore.FINALIZER);
        return ApiErrors.ifPresent(() -> context.api().patch(Pod.class, ObjectKey.of(pod), patch));
    }

    /** A tracked pod whose Job is gone would otherwise never go. */
    private void wakeIfOrphan(Pod pod) {
        if (JobCore.isTracked(pod) && OwnerReferences.controllerOf(pod).isEmpty()) {
            orphans.add(ObjectKey.of(pod));
        }
    }
}

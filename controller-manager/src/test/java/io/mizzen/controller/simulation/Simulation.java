// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.batch.v1.CronJob;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import io.mizzen.controller.deployment.DeploymentController;
import io.mizzen.controller.garbage.GarbageCollector;
import io.mizzen.controller.replicaset.ReplicaController;
import io.mizzen.testing.clock.VirtualClock;
import io.mizzen.testing.cluster.Faults;
import io.mizzen.testing.cluster.MemoryClient;
import io.mizzen.testing.cluster.MemoryCluster;
import io.mizzen.testing.cluster.MemoryInformers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.LongStream;

/**
 * One process of controllers over a cluster in memory, worked on one thread in an order that comes from a seed: a change
 * delivered to a cache, a key reconciled, a kubelet's step.
 */
final class Simulation {

    static final ResourceType PODS = ResourceType.of(Pod.class);
    static final List<ResourceType> SERVED = List.of(
            PODS,
            ResourceType.of(ReplicaSet.class),
            ResourceType.of(Deployment.class),
            ResourceType.of(StatefulSet.class),
            ResourceType.of(DaemonSet.class),
            ResourceType.of(ControllerRevision.class),
            ResourceType.of(PersistentVolumeClaim.class),
            ResourceType.of(Node.class),
            ResourceType.of(Job.class),
            ResourceType.of(CronJob.class),
            ResourceType.of(ConfigMap.class));

    final Random random;
    final VirtualClock clock = new VirtualClock();
    final MemoryCluster cluster;
    private final List<Function<ControllerContext, Controller>> makers;
    private final List<ResourceType> served;
    /** What others do: each does one thing, or answers false when it has nothing to do. */
    final List<BooleanSupplier> others = new ArrayList<>();

    /** How many of a hundred running pods end by themselves when a kubelet looks at them, and how many of these fail. */
    int ending;

    int failing;

    /** Which pods a scheduler and a kubelet look after. */
    Predicate<ObjectNode> caredFor = pod -> true;

    /** By how many milliseconds at most the clock moves on when nothing can happen. */
    int longestLeap = 5_000;

    /** When a write last went wrong or a process began: what is promised within a time is promised from then on. */
    Instant lastTrouble = clock.instant();

    /** What the API server answers to reads of other paths than objects', such as metrics, and to reviews that are posted. */
    BiFunction<String, JsonNode, Optional<JsonNode>> extra = (path, body) -> Optional.empty();

    MemoryInformers informers;
    Faults faults = Faults.NONE;
    int crashes;
    /** Whether what happens now is the user's doing. */
    boolean byUser;

    private List<ControllerLoop<?>> loops = List.of();
    private MeterRegistry registry = new SimpleMeterRegistry();

    /** Deployments and what belongs to them. */
    Simulation(long seed) {
        this(seed, List.of(DeploymentController::new, ReplicaController::replicaSets, GarbageCollector::new));
    }

    /** Other controllers. */
    Simulation(long seed, List<Function<ControllerContext, Controller>> makers) {
        this(seed, makers, SERVED);
    }

    /** Other controllers where these resources are served. */
    Simulation(long seed, List<Function<ControllerContext, Controller>> makers, List<ResourceType> served) {
        this.served = served;
        this.random = new Random(seed);
        this.cluster = new MemoryCluster(clock, random);
        this.makers = makers;
        boot();
    }

    /** Starts the process anew: nothing but the cluster is remembered. */
    void boot() {
        registry = new SimpleMeterRegistry();
        informers = new MemoryInformers(cluster);
        lastTrouble = clock.instant();
        MemoryClient client =
                new MemoryClient(cluster, this::nextFate, served, (path, body) -> extra.apply(path, body));
        ControllerContext context = new ControllerContext(
                client,
                informers,
                clock,
                random,
                registry,
                component -> (regarding, type, reason, message) -> {},
                Runnable::run);
        List<ControllerLoop<?>> made = new ArrayList<>();
        for (Function<ControllerContext, Controller> maker : makers) {
            made.addAll(maker.apply(context).loops());
        }
        loops = made;
        informers.start();
    }

    private Faults.Fate nextFate(String verb, String resource) {
        Faults.Fate fate = faults.next(verb, resource);
        if (fate != Faults.Fate.NORMAL) {
            lastTrouble = clock.instant();
        }
        return fate;
    }

    /** Does one thing of what could happen next; false when nothing can before time passes. */
    boolean step() {
        List<BooleanSupplier> possible = new ArrayList<>();
        informers
                .behind()
                .forEach(feed -> possible.add(() -> {
                    feed.deliver();
                    return true;
                }));
        loops.forEach(loop -> possible.add(() -> reconcile(loop)));
        possible.add(this::kubeletStep);
        possible.addAll(others);
        while (!possible.isEmpty()) {
            if (possible.remove(random.nextInt(possible.size())).getAsBoolean()) {
                return true;
            }
        }
        return false;
    }

    private boolean reconcile(ControllerLoop<?> loop) {
        try {
            return loop.step();
        } catch (Faults.Crash crash) {
            crashes++;
            boot();
            return true;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** When the next delayed key of a queue falls due. */
    Optional<Instant> nextDue() {
        return loops.stream().flatMap(loop -> loop.queue().nextDue().stream()).min(Comparator.naturalOrder());
    }

    /** Lets things happen until the claim holds while nothing else can happen; false when it never does. */
    boolean settle(int maxSteps, BooleanSupplier claim) {
        for (int i = 0; i < maxSteps; i++) {
            if (step()) {
                continue;
            }
            if (claim.getAsBoolean()) {
                return true;
            }
            advanceToNextDue();
        }
        return false;
    }

    private void advanceToNextDue() {
        Instant due = nextDue().orElse(clock.instant().plus(Duration.ofSeconds(30)));
        clock.advanceTo(due.isAfter(clock.instant()) ? due : clock.instant().plusMillis(1));
    }

    /** How often work of a loop has failed since the process started. */
    int errors(String loop) {
        return (int)
                registry.counter("mizzen_reconcile_errors_total", "name", loop).count();
    }

    /** How many writes the controllers try while nobody else does anything for so long. */
    int writesWithin(Duration idle, Predicate<String> verbs) {
        int[] writes = new int[1];
        faults = (verb, resource) -> {
            writes[0] += verbs.test(verb) ? 1 : 0;
            return Faults.Fate.NORMAL;
        };
        Instant end = clock.instant().plus(idle);
        while (clock.instant().isBefore(end)) {
            if (!step()) {
                advanceToNextDue();
            }
        }
        return writes[0];
    }

    /** Schedules, starts or ends one pod. */
    private boolean kubeletStep() {
        List<ObjectNode> due =
                cluster.list(PODS).stream().filter(this::isDue).filter(caredFor).toList();
        if (due.isEmpty()) {
            return false;
        }
        ObjectNode pod = due.get(random.nextInt(due.size()));
        ObjectKey key = keyOf(pod);
        boolean hasEnded = hasEnded(pod);
        if (pod.path("metadata").has("deletionTimestamp")) {
            if (!hasEnded && ending > 0) {
                cluster.patch(PODS, key, ended(random.nextInt(100) < 80), true);
            } else {
                cluster.delete(PODS, key, DeleteRequest.plain().withGrace(0));
            }
        } else if (pod.path("spec").path("nodeName").asText("").isEmpty()) {
            ObjectNode patch = Json.object();
            patch.putObject("spec").put("nodeName", nodeFor(pod));
            cluster.patch(PODS, key, patch, false);
        } else if (pod.path("status").path("phase").asText().equals("Running")) {
            cluster.patch(PODS, key, ended(random.nextInt(100) < failing), true);
        } else {
            cluster.patch(PODS, key, running(), true);
        }
        return true;
    }

    private boolean isDue(ObjectNode pod) {
        if (pod.path("metadata").has("deletionTimestamp")) {
            boolean waitsForFinalizers = !pod.path("metadata")
                            .path("finalizers")
                            .isEmpty()
                    && pod.path("metadata").path("deletionGracePeriodSeconds").asInt() == 0;
            return !waitsForFinalizers || !hasEnded(pod);
        }
        String phase = pod.path("status").path("phase").asText();
        return phase.equals("Pending") || (phase.equals("Running") && random.nextInt(100) < ending);
    }

    private static boolean hasEnded(ObjectNode pod) {
        String phase = pod.path("status").path("phase").asText();
        return phase.equals("Succeeded") || phase.equals("Failed");
    }

    /** The node that its affinity names, else any. */
    private String nodeFor(ObjectNode pod) {
        JsonNode pinned = pod.at("/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution"
                + "/nodeSelectorTerms/0/matchFields/0/values/0");
        return pinned.isMissingNode() ? "node-" + random.nextInt(3) : pinned.asText();
    }

    private ObjectNode running() {
        ObjectNode patch = Json.object();
        patch.putObject("status")
                .put("phase", "Running")
                .put("startTime", clock.instant().toString())
                .putArray("conditions")
                .addObject()
                .put("type", "Ready")
                .put("status", "True")
                .put("lastTransitionTime", clock.instant().toString());
        return patch;
    }

    private ObjectNode ended(boolean badly) {
        ObjectNode patch = Json.object();
        ObjectNode status = patch.putObject("status").put("phase", badly ? "Failed" : "Succeeded");
        status.putArray("conditions");
        status.putArray("containerStatuses")
                .addObject()
                .put("name", "main")
                .putObject("state")
                .putObject("terminated")
                .put("exitCode", badly ? 1 + random.nextInt(3) : 0)
                .put("finishedAt", clock.instant().toString());
        return patch;
    }

    /**
     * The seeds of a class of histories: one given by {@code simulation.seed}, or as many as {@code simulation.rounds} from
     * {@code simulation.first} on.
     *
     * @param found seeds beyond these that have found a bug once
     */
    static LongStream seeds(int usually, long... found) {
        Long one = Long.getLong("simulation.seed");
        if (one != null) {
            return LongStream.of(one);
        }
        long first = Long.getLong("simulation.first", 0);
        long rounds = Long.getLong("simulation.rounds", usually);
        return LongStream.concat(LongStream.range(first, first + rounds), LongStream.of(found))
                .distinct();
    }

    /**
     * One write in ten goes wrong. But no deletion is refused without a change on its way that explains it.
     */
    Faults.Fate roughFate(String verb, String resource) {
        return switch (random.nextInt(100)) {
            case 0, 1, 2, 3 -> verb.equals("delete") ? Faults.Fate.NORMAL : Faults.Fate.CONFLICT;
            case 4, 5 -> Faults.Fate.LOST_REQUEST;
            case 6, 7 -> Faults.Fate.LOST_ANSWER;
            case 8 -> Faults.Fate.CRASH_BEFORE;
            case 9 -> Faults.Fate.CRASH_AFTER;
            default -> Faults.Fate.NORMAL;
        };
    }

    /** Takes some pod's deletion upon itself, as a user does. */
    void deleteSomePod() {
        List<ObjectNode> pods = cluster.list(PODS);
        if (!pods.isEmpty()) {
            cluster.delete(PODS, keyOf(pods.get(random.nextInt(pods.size()))), DeleteRequest.plain());
        }
    }

    /** Makes some pod fail. */
    void failSomePod() {
        List<ObjectNode> pods = cluster.list(PODS).stream()
                .filter(pod -> !pod.path("spec").path("nodeName").asText("").isEmpty())
                .toList();
        if (!pods.isEmpty()) {
            cluster.patch(PODS, keyOf(pods.get(random.nextInt(pods.size()))), ended(true), true);
        }
    }

    /** Lets so many things happen, one in {@code one} of them by the user; time passes when nothing else can happen. */
    void live(int steps, int one, Runnable user) {
        for (int i = 0; i < steps; i++) {
            if (random.nextInt(one) == 0) {
                byUser = true;
                user.run();
                byUser = false;
            } else if (!step()) {
                clock.advance(Duration.ofMillis(1 + random.nextInt(longestLeap)));
            }
        }
    }

    /** All objects of some kinds, to be read after a failure. */
    String describe(ResourceType... types) {
        StringBuilder text = new StringBuilder("crashes: " + crashes);
        for (ResourceType type : types) {
            cluster.list(type).forEach(object -> text.append("\n").append(object));
        }
        return text.toString();
    }

    static ObjectKey keyOf(ObjectNode object) {
        return new ObjectKey(
                object.path("metadata").path("namespace").asText(),
                object.path("metadata").path("name").asText());
    }
}

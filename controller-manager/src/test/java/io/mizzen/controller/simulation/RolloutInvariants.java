// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.mizzen.client.Json;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.deployment.Fenceposts;
import io.mizzen.testing.cluster.Change;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;

/**
 * What must hold at every moment of a rollout, judged at each change of the cluster. A controller may only know an older
 * version of a Deployment than the cluster has; the bounds are those of any version that it may have seen.
 *
 * <p>The floor of available pods is kept by what the sets' statuses say, for upstream's rollout as for ours compares nothing but
 * {@code spec.replicas} and {@code status.availableReplicas}. It is judged where it is decided, not where it is felt: the pods of
 * several sets go in any order, and those that go last need not be of the set that was made too small.
 *
 * <ul>
 *   <li>A status tells what its writer's cache of pods shows.
 *   <li>No set is made smaller so that the statuses which the controller has seen promise fewer pods than the floor, or, where they
 *       promise fewer already, fewer than before.
 *   <li>No old set is made smaller so that all old sets' pods, available or not, and the newest's available ones are fewer than it.
 *   <li>From then on no deletion takes one of the pods that were ready indeed and that a seen status promised, as far as the floor
 *       needs them.
 *   <li>No set's controller takes a pod that the set wants, nor a pod it has seen ready while others suffice.
 * </ul>
 *
 * <p>So only a status that is older than the pods lets the true number fall below the floor for a moment. It is wrong in one of two
 * ways:
 *
 * <ul>
 *   <li>It calls a pod unavailable that has just become ready. While too few count as available, a rollout gives up old pods that
 *       count as unavailable, or a stuck one would never go on (kubernetes issue 16737); the set's controller then takes the ready one.
 *   <li>It calls pods available that are gone or going: a set is made smaller and, by a rollback, larger again before its controller
 *       has seen the deletions. Upstream up to 1.35 has this race too: its ReplicaSet controller writes the status after every look at
 *       its cache, also while it waits for deletions to show, and tells the new generation as observed. A rollout cannot know then,
 *       not even one that counts on no status of an older generation, as ours does and upstream's does not.
 * </ul>
 */
final class RolloutInvariants {

    private static final ResourceType DEPLOYMENTS = ResourceType.of(Deployment.class);
    private static final ResourceType SETS = ResourceType.of(ReplicaSet.class);

    private record Version(long revision, int replicas, int ceiling, int floor) {}

    private final Simulation simulation;
    private final boolean checkFloor;
    private final Map<String, List<Version>> deployments = new HashMap<>();
    private final Map<String, List<Version>> sets = new HashMap<>();
    private final Map<String, String> ownerOfSet = new HashMap<>();
    /** By Deployment: how many of its ready pods it could count on when a set was last made smaller, the floor at most. */
    private final Map<String, Integer> secured = new HashMap<>();

    /** By set: what its status told last. */
    private final Map<String, Integer> toldAvailable = new HashMap<>();

    final List<String> violations = new ArrayList<>();

    RolloutInvariants(Simulation simulation, boolean checkFloor) {
        this.simulation = simulation;
        this.checkFloor = checkFloor;
        simulation.cluster.observe(this::check);
    }

    private void check(Change change) {
        ObjectNode object = change.object();
        boolean isGone = change.kind() == Change.Kind.DELETED;
        if (change.type().equals(Simulation.PODS)) {
            boolean isEnding = object.path("metadata").has("deletionTimestamp");
            if (change.kind() == Change.Kind.ADDED) {
                checkNewPod(object);
            } else if (checkFloor && isGone != isEnding) {
                checkTakenPod(object);
                checkSecured(object);
            }
        } else if (change.type().equals(DEPLOYMENTS) && !isGone) {
            noteDeployment(change);
        } else if (change.type().equals(SETS) && !isGone) {
            checkSet(change);
        }
    }

    private void noteDeployment(Change change) {
        Deployment deployment = Json.model(change.object(), Deployment.class);
        Fenceposts fenceposts = Fenceposts.of(deployment);
        int replicas = Fenceposts.replicas(deployment);
        deployments
                .computeIfAbsent(uid(change.object()), u -> new ArrayList<>())
                .add(new Version(
                        change.revision(),
                        replicas,
                        replicas + fenceposts.maxSurge(),
                        isRecreated(deployment) ? 0 : replicas - fenceposts.maxUnavailable()));
    }

    private static boolean isRecreated(Deployment deployment) {
        return "Recreate".equals(deployment.getSpec().getStrategy().getType());
    }

    private void checkSet(Change change) {
        String uid = uid(change.object());
        int replicas = change.object().path("spec").path("replicas").asInt();
        List<Version> versions = sets.computeIfAbsent(uid, u -> new ArrayList<>());
        int before = versions.isEmpty() ? 0 : versions.getLast().replicas();
        versions.add(new Version(change.revision(), replicas, replicas, 0));
        if (checkFloor) {
            checkStatus(change);
        }
        String owner = controller(change.object());
        ownerOfSet.put(uid, owner);
        if (checkFloor && replicas < before && deployments.containsKey(owner)) {
            checkShrunk(change, owner, before);
        }
        if (replicas <= before || !deployments.containsKey(owner)) {
            return;
        }
        int sum = simulation.cluster.list(SETS).stream()
                .filter(set -> controller(set).equals(owner))
                .mapToInt(set -> set.path("spec").path("replicas").asInt())
                .sum();
        int bound = visible(deployments.get(owner), simulation.informers.seen(Deployment.class)).stream()
                .mapToInt(Version::ceiling)
                .max()
                .orElse(0);
        if (sum > bound) {
            violations.add("revision " + change.revision() + ": sets want " + sum + " pods, at most " + bound
                    + " are allowed");
        }
    }

    /** A set is made smaller by what the statuses say that the controller has seen: they must go on promising enough. */
    private void checkShrunk(Change change, String owner, int sizeBefore) {
        int replicas = change.object().path("spec").path("replicas").asInt();
        int kept = simulation.cluster.list(SETS).stream()
                .filter(set -> controller(set).equals(owner))
                .mapToInt(set -> Math.min(
                        seenAvailable(set), set.path("spec").path("replicas").asInt()))
                .sum();
        int available = seenAvailable(change.object());
        int keptBefore = kept - Math.min(available, replicas) + Math.min(available, sizeBefore);
        int floor = floor(owner);
        if (kept < Math.min(keptBefore, floor)) {
            violations.add("revision " + change.revision() + ": a set was made smaller, and of " + keptBefore
                    + " available pods " + kept + " stay, at least " + floor + " must" + tail());
        }
        String newest = seenImage(owner);
        int pods = podsWithNewest(owner, newest);
        if (!image(change.object()).equals(newest) && pods < floor) {
            violations.add(
                    "revision " + change.revision() + ": an old set was made smaller, and the old sets' pods with"
                            + " the newest's available ones are " + pods + ", at least " + floor + " must be" + tail());
        }
        secured.put(owner, Math.min(floor, staying(owner, this::seenAvailable)));
    }

    /** The pods that old sets want, whatever they are, and those of the newest set that its seen status promises. */
    private int podsWithNewest(String owner, String newest) {
        return simulation.cluster.list(SETS).stream()
                .filter(set -> controller(set).equals(owner))
                .mapToInt(set -> Math.min(
                        image(set).equals(newest) ? seenAvailable(set) : Integer.MAX_VALUE,
                        set.path("spec").path("replicas").asInt()))
                .sum();
    }

    private String seenImage(String owner) {
        return simulation.informers.of(Deployment.class).list().stream()
                .filter(deployment -> deployment.getMetadata().getUid().equals(owner))
                .map(deployment -> image(Json.tree(deployment)))
                .findFirst()
                .orElse("");
    }

    /** What the templates of these histories differ by. */
    private static String image(ObjectNode object) {
        return object.at("/spec/template/spec/containers/0/image").asText();
    }

    /** A status is older than the pods only as far as the cache of its writer is. */
    private void checkStatus(Change change) {
        int told = change.object().path("status").path("availableReplicas").asInt();
        Integer before = toldAvailable.put(uid(change.object()), told);
        if (told == (before == null ? 0 : before)) {
            return;
        }
        long seen = simulation.informers.of(Pod.class).list().stream()
                .<ObjectNode>map(pod -> Json.tree(pod))
                .filter(pod -> controller(pod).equals(uid(change.object())) && isActive(pod) && isReadyCondition(pod))
                .count();
        if (told != seen) {
            violations.add("revision " + change.revision() + ": a status tells " + told
                    + " available pods, its writer's cache shows " + seen + tail());
        }
    }

    /** How many ready pods of a Deployment stay when each set has as many as it wants, of each set so many at most. */
    private int staying(String owner, ToIntFunction<ObjectNode> atMost) {
        return simulation.cluster.list(SETS).stream()
                .filter(set -> controller(set).equals(owner))
                .mapToInt(set -> Math.min(atMost.applyAsInt(set), Math.min(wanted(uid(set)), ready(uid(set)))))
                .sum();
    }

    /**
     * What the status promises that the controller has seen. A rollout counts on none of an older generation than the size that was
     * seen with it; a paused one does, as it takes down what is left beside a newest set that has all pods.
     */
    private int seenAvailable(ObjectNode set) {
        ObjectNode seen = simulation
                .informers
                .of(ReplicaSet.class)
                .find(Simulation.keyOf(set))
                .<ObjectNode>map(found -> Json.tree(found))
                .orElse(Json.object());
        boolean isCurrent = seen.at("/status/observedGeneration").asLong()
                >= seen.at("/metadata/generation").asLong();
        return isCurrent || isSeenPaused(controller(set))
                ? seen.at("/status/availableReplicas").asInt()
                : 0;
    }

    private boolean isSeenPaused(String owner) {
        return simulation.informers.of(Deployment.class).list().stream()
                .filter(deployment -> deployment.getMetadata().getUid().equals(owner))
                .anyMatch(deployment -> Boolean.TRUE.equals(deployment.getSpec().getPaused()));
    }

    private void checkNewPod(ObjectNode pod) {
        String set = controller(pod);
        if (!sets.containsKey(set)) {
            return;
        }
        int active = active(set);
        int bound = visible(sets.get(set), simulation.informers.seen(ReplicaSet.class)).stream()
                .mapToInt(Version::replicas)
                .max()
                .orElse(0);
        if (active > bound) {
            violations.add("set " + set + " has " + active + " pods, wants at most " + bound);
        }
    }

    /** A set's controller takes surplus pods only, those that it has seen ready last. */
    private void checkTakenPod(ObjectNode pod) {
        String set = controller(pod);
        if (!sets.containsKey(set)) {
            return;
        }
        boolean wasSeenReady = simulation
                .informers
                .of(Pod.class)
                .find(Simulation.keyOf(pod))
                .filter(seen -> isReadyCondition(Json.tree(seen)))
                .isPresent();
        int left = wasSeenReady ? ready(set) : active(set);
        int bound = visible(sets.get(set), simulation.informers.seen(ReplicaSet.class)).stream()
                .mapToInt(Version::replicas)
                .min()
                .orElse(0);
        if (left < bound) {
            violations.add("set " + set + " lost a pod and has " + left + (wasSeenReady ? " ready ones" : "")
                    + ", wants at least " + bound + tail());
        }
    }

    /** What the floor could count on when a set was last made smaller stays; before that nothing may go. */
    private void checkSecured(ObjectNode pod) {
        String set = controller(pod);
        String owner = ownerOfSet.getOrDefault(set, "");
        boolean wasToStay = isReadyCondition(pod) && ready(set) < wanted(set);
        if (!wasToStay || !deployments.containsKey(owner)) {
            return;
        }
        int left = staying(owner, any -> Integer.MAX_VALUE);
        int bound = secured.getOrDefault(owner, floor(owner));
        if (left < bound) {
            violations.add("a ready pod was deleted that was to stay and left " + left + ", at least " + bound
                    + " must stay" + tail());
        }
    }

    private int wanted(String set) {
        List<Version> versions = sets.getOrDefault(set, List.of());
        return versions.isEmpty() ? 0 : versions.getLast().replicas();
    }

    private int ready(String set) {
        return (int) simulation.cluster.list(Simulation.PODS).stream()
                .filter(pod -> controller(pod).equals(set) && isActive(pod) && isReadyCondition(pod))
                .count();
    }

    private int active(String set) {
        return (int) simulation.cluster.list(Simulation.PODS).stream()
                .filter(pod -> controller(pod).equals(set) && isActive(pod))
                .count();
    }

    private int floor(String owner) {
        return visible(deployments.get(owner), simulation.informers.seen(Deployment.class)).stream()
                .mapToInt(Version::floor)
                .min()
                .orElse(0);
    }

    /** The latest changes, to find out how it came to this. */
    private String tail() {
        StringBuilder text = new StringBuilder();
        List<Change> history = simulation.cluster.history();
        for (Change change : history.subList(Math.max(0, history.size() - 40), history.size())) {
            ObjectNode object = change.object();
            text.append("\n  ")
                    .append(change.revision())
                    .append(' ')
                    .append(change.kind())
                    .append(' ');
            text.append(object.path("metadata").path("name").asText());
            text.append(" generation ")
                    .append(object.path("metadata").path("generation").asText());
            text.append(" wants ").append(object.path("spec").path("replicas").asText());
            text.append(" status ")
                    .append(object.path("status").path("replicas").asText());
            text.append('/').append(object.path("status").path("readyReplicas").asText());
            text.append('/')
                    .append(object.path("status").path("availableReplicas").asText());
            text.append(object.path("status").path("phase").asText());
            text.append(isReadyCondition(object) ? " ready" : "").append(isActive(object) ? "" : " ending");
            text.append(" owner ").append(controller(object));
        }
        return text.toString();
    }

    /** The version current at a revision, and all later ones. */
    private static List<Version> visible(List<Version> versions, long seen) {
        int from = 0;
        for (int i = 0; i < versions.size(); i++) {
            if (versions.get(i).revision() <= seen) {
                from = i;
            }
        }
        return versions.subList(from, versions.size());
    }

    static boolean isActive(JsonNode pod) {
        String phase = pod.path("status").path("phase").asText();
        return !pod.path("metadata").has("deletionTimestamp") && !phase.equals("Failed") && !phase.equals("Succeeded");
    }

    static boolean isReadyCondition(JsonNode pod) {
        for (JsonNode condition : pod.path("status").path("conditions")) {
            if (condition.path("type").asText().equals("Ready")) {
                return condition.path("status").asText().equals("True");
            }
        }
        return false;
    }

    static String controller(JsonNode object) {
        for (JsonNode reference : object.path("metadata").path("ownerReferences")) {
            if (reference.path("controller").asBoolean()) {
                return reference.path("uid").asText();
            }
        }
        return "";
    }

    private static String uid(JsonNode object) {
        return object.path("metadata").path("uid").asText();
    }
}

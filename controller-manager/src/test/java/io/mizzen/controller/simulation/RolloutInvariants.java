// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
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
import java.util.OptionalInt;

/**
 * What must hold at every moment of a rollout, judged at each change of the cluster. A controller may only know an older
 * version of a Deployment than the cluster has; the bounds are those of any version that it may have seen.
 *
 * <p>The floor of available pods is kept by what the sets' statuses say, for upstream's rollout as for ours compares nothing but
 * {@code spec.replicas} and {@code status.availableReplicas}: no set is made smaller so that fewer pods than the floor stay of those
 * that the seen statuses call available. A status can be wrong in two ways, and either lets the true number fall below the floor for
 * a moment:
 *
 * <ul>
 *   <li>It calls a pod unavailable that has just become ready. While too few count as available, a rollout gives up old pods that
 *       count as unavailable, or a stuck one would never go on (kubernetes issue 16737); the set's controller then takes the ready one.
 *   <li>It calls pods available that are about to go: a set is made smaller and, by a rollback, larger again before its controller has
 *       seen the deletions; that controller tells the new generation as observed and counts what its cache has.
 * </ul>
 *
 * Each pod that was given up under such a status may go once though it is ready; every other loss is a violation.
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
    /** By set, until it has no more pods than it wants: how many were given up under a status that was wrong in one of the two ways. */
    private final Map<String, Integer> givenUp = new HashMap<>();

    final List<String> violations = new ArrayList<>();
    /** Pods whose creation was answered to nobody: the set's controller cannot know of them until they show. */
    final Map<String, Integer> unanswered = new HashMap<>();

    RolloutInvariants(Simulation simulation, boolean checkFloor) {
        this.simulation = simulation;
        this.checkFloor = checkFloor;
        simulation.cluster.observe(this::check);
    }

    private void check(Change change) {
        ObjectNode object = change.object();
        if (change.kind() == Change.Kind.DELETED) {
            return;
        }
        if (change.type().equals(DEPLOYMENTS)) {
            noteDeployment(change);
        } else if (change.type().equals(SETS)) {
            checkSet(change);
        } else if (change.type().equals(Simulation.PODS) && change.kind() == Change.Kind.ADDED) {
            checkNewPod(object);
        } else if (change.type().equals(Simulation.PODS)
                && object.path("metadata").has("deletionTimestamp")) {
            checkFloor(object);
            forgetWhenDone(controller(object));
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
        int floor = floor(owner).orElse(0);
        boolean areTooFew = keptBefore < floor;
        if (!areTooFew && kept < floor) {
            violations.add("revision " + change.revision() + ": a set was made smaller, and of " + keptBefore
                    + " available pods " + kept + " stay, at least " + floor + " must" + tail());
        } else if (areTooFew || isOverstated(owner)) {
            givenUp.merge(uid(change.object()), sizeBefore - replicas, Integer::sum);
        }
    }

    /** Whether a status promises pods that are gone or going. */
    private boolean isOverstated(String owner) {
        return simulation.cluster.list(SETS).stream()
                .filter(set -> controller(set).equals(owner))
                .anyMatch(set -> {
                    long ready = simulation.cluster.list(Simulation.PODS).stream()
                            .filter(pod -> controller(pod).equals(uid(set)) && isActive(pod) && isReadyCondition(pod))
                            .count();
                    return Math.min(
                                    seenAvailable(set),
                                    set.path("spec").path("replicas").asInt())
                            > ready;
                });
    }

    private int seenAvailable(ObjectNode set) {
        return simulation
                .informers
                .of(ReplicaSet.class)
                .find(Simulation.keyOf(set))
                .map(ReplicaSet::getStatus)
                .map(status -> status.getAvailableReplicas())
                .orElse(0);
    }

    private void checkNewPod(ObjectNode pod) {
        String set = controller(pod);
        if (!sets.containsKey(set)) {
            return;
        }
        long active = simulation.cluster.list(Simulation.PODS).stream()
                .filter(other -> controller(other).equals(set) && isActive(other))
                .count();
        int bound = visible(sets.get(set), simulation.informers.seen(ReplicaSet.class)).stream()
                .mapToInt(Version::replicas)
                .max()
                .orElse(0);
        if (active > bound + unanswered.getOrDefault(set, 0)) {
            violations.add("set " + set + " has " + active + " pods, wants at most " + bound);
        }
    }

    private void checkFloor(ObjectNode pod) {
        String owner = ownerOfSet.getOrDefault(controller(pod), "");
        if (!checkFloor || !isReadyCondition(pod) || !deployments.containsKey(owner)) {
            return;
        }
        long ready = simulation.cluster.list(Simulation.PODS).stream()
                .filter(other -> ownerOfSet.getOrDefault(controller(other), "").equals(owner))
                .filter(other -> isActive(other) && isReadyCondition(other))
                .count();
        OptionalInt floor = floor(owner);
        boolean wasEnough = floor.isPresent() && ready + 1 >= floor.getAsInt();
        if (!wasEnough || ready >= floor.getAsInt()) {
            return;
        }
        int left = givenUp.getOrDefault(controller(pod), 0);
        if (left > 0) {
            givenUp.put(controller(pod), left - 1);
        } else {
            violations.add("a ready pod was deleted and left " + ready + ", at least " + floor.getAsInt() + " must stay"
                    + tail());
        }
    }

    /** A set that has shrunk as it was told takes no more pods under an old status. */
    private void forgetWhenDone(String set) {
        if (givenUp.containsKey(set)
                && simulation.cluster.list(Simulation.PODS).stream()
                                .filter(other -> controller(other).equals(set) && isActive(other))
                                .count()
                        <= sets.get(set).getLast().replicas()) {
            givenUp.remove(set);
        }
    }

    private OptionalInt floor(String owner) {
        return visible(deployments.get(owner), simulation.informers.seen(Deployment.class)).stream()
                .mapToInt(Version::floor)
                .min();
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

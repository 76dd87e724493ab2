// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.daemon;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.mizzen.controller.deployment.Fenceposts;
import io.mizzen.controller.pod.Pods;
import io.mizzen.controller.revision.RevisionHistory;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Decides which pods of a DaemonSet to create and delete, and what its status is. Pure. */
final class DaemonPlan {

    static final int BURST = 250;

    private DaemonPlan() {}

    /** What is known. */
    record Observed(DaemonSet set, List<Node> nodes, List<Pod> pods, String currentHash) {}

    /** The numbers of the status. */
    record Status(
            int current,
            int misscheduled,
            int desired,
            int ready,
            int updated,
            int available,
            long observedGeneration) {
        int unavailable() {
            return desired - available;
        }
    }

    /**
     * What to do.
     *
     * @param create nodes that are to get a pod
     * @param delete pods that are to go
     * @param failed those of {@code delete} that have failed, so that they are told of and not made again too fast
     * @param status what to write
     */
    record Decision(List<String> create, List<Pod> delete, List<Pod> failed, Status status) {
        Decision {
            create = List.copyOf(create);
            delete = List.copyOf(delete);
            failed = List.copyOf(failed);
        }
    }

    static Decision decide(Observed observed, Instant now) {
        Map<String, List<Pod>> byNode = byNode(observed.pods());
        PodSpec spec = observed.set().getSpec().getTemplate().getSpec();
        List<String> create = new ArrayList<>();
        List<Pod> delete = new ArrayList<>();
        List<Pod> failed = new ArrayList<>();
        List<Node> wanted = new ArrayList<>();
        for (Node node : observed.nodes()) {
            String name = node.getMetadata().getName();
            List<Pod> here = byNode.getOrDefault(name, List.of());
            DaemonRules.Placement placement = DaemonRules.place(spec, node);
            if (placement.run()) {
                wanted.add(node);
            }
            manage(observed, name, here, placement, create, delete, failed, now);
        }
        List<String> known =
                observed.nodes().stream().map(n -> n.getMetadata().getName()).toList();
        byNode.forEach((node, pods) -> {
            if (!known.contains(node)) {
                pods.stream().filter(pod -> !Pods.isTerminating(pod)).forEach(delete::add);
            }
        });
        Status status = status(observed, wanted, byNode, now);
        if (create.isEmpty() && delete.isEmpty()) {
            if (surge(observed.set(), wanted.size()) > 0) {
                create.addAll(surgeOver(observed, wanted, byNode, now));
            } else {
                delete.addAll(update(observed, wanted, byNode, now));
            }
        }
        return new Decision(
                create.subList(0, Math.min(BURST, create.size())),
                delete.subList(0, Math.min(BURST, delete.size())),
                failed,
                status);
    }

    private static void manage(
            Observed observed,
            String node,
            List<Pod> here,
            DaemonRules.Placement placement,
            List<String> create,
            List<Pod> delete,
            List<Pod> failed,
            Instant now) {
        if (!placement.run() && !placement.stay()) {
            here.stream().filter(pod -> !Pods.isTerminating(pod)).forEach(delete::add);
            return;
        }
        if (here.isEmpty()) {
            if (placement.run()) {
                create.add(node);
            }
            return;
        }
        List<Pod> alive = new ArrayList<>();
        for (Pod pod : here) {
            if (Pods.isTerminating(pod)) {
                continue;
            }
            if (Pods.isTerminal(pod)) {
                delete.add(pod);
                if (Pods.phase(pod).equals("Failed")) {
                    failed.add(pod);
                }
            } else {
                alive.add(pod);
            }
        }
        alive.sort(Comparator.comparing(
                        (Pod pod) -> String.valueOf(pod.getMetadata().getCreationTimestamp()))
                .thenComparing(pod -> pod.getMetadata().getName()));
        delete.addAll(surplus(observed, alive, now));
    }

    /** All but the oldest; with a surge all but the oldest new and the oldest old one, which stays till the new one is available. */
    private static List<Pod> surplus(Observed observed, List<Pod> alive, Instant now) {
        if (surge(observed.set(), observed.nodes().size()) == 0) {
            return alive.subList(Math.min(1, alive.size()), alive.size());
        }
        List<Pod> surplus = new ArrayList<>(alive);
        Optional<Pod> oldestNew =
                alive.stream().filter(pod -> isUpdated(pod, observed)).findFirst();
        Optional<Pod> oldestOld =
                alive.stream().filter(pod -> !isUpdated(pod, observed)).findFirst();
        oldestNew.ifPresent(surplus::remove);
        boolean mayGo = oldestNew
                .map(pod -> Pods.isAvailable(pod, minReadySeconds(observed.set()), now))
                .orElse(false);
        if (!mayGo) {
            oldestOld.ifPresent(surplus::remove);
        }
        return surplus;
    }

    /** How many nodes may have a new pod beside the old one. */
    private static int surge(DaemonSet set, int desired) {
        var strategy = set.getSpec().getUpdateStrategy();
        boolean rolls = strategy != null
                && !"OnDelete".equals(strategy.getType())
                && strategy.getRollingUpdate() != null
                && strategy.getRollingUpdate().getMaxSurge() != null;
        return rolls ? Fenceposts.scaled(strategy.getRollingUpdate().getMaxSurge(), desired, true) : 0;
    }

    /** Nodes that get a new pod beside the old one: at once where the old one is not available, others as far as maxSurge lets. */
    private static List<String> surgeOver(
            Observed observed, List<Node> wanted, Map<String, List<Pod>> byNode, Instant now) {
        List<String> broken = new ArrayList<>();
        List<String> candidates = new ArrayList<>();
        int surging = 0;
        for (Node node : wanted) {
            String name = node.getMetadata().getName();
            List<Pod> here = byNode.getOrDefault(name, List.of());
            Optional<Pod> old = here.stream()
                    .filter(pod -> Pods.isActive(pod) && !isUpdated(pod, observed))
                    .findFirst();
            boolean hasNew = here.stream().anyMatch(pod -> isUpdated(pod, observed));
            if (old.isPresent() && hasNew) {
                surging++;
            } else if (old.isPresent()) {
                boolean isAvailable = Pods.isAvailable(old.get(), minReadySeconds(observed.set()), now);
                (isAvailable ? candidates : broken).add(name);
            }
        }
        List<String> result = new ArrayList<>(broken);
        int room = Math.max(0, surge(observed.set(), wanted.size()) - surging);
        result.addAll(candidates.subList(0, Math.min(room, candidates.size())));
        return result;
    }

    /** Old pods that may go now: those that are not available at once, others as far as maxUnavailable leaves room. */
    private static List<Pod> update(Observed observed, List<Node> wanted, Map<String, List<Pod>> byNode, Instant now) {
        var strategy = observed.set().getSpec().getUpdateStrategy();
        if (strategy != null && "OnDelete".equals(strategy.getType())) {
            return List.of();
        }
        int maxUnavailable = strategy == null || strategy.getRollingUpdate() == null
                ? 1
                : Fenceposts.scaled(strategy.getRollingUpdate().getMaxUnavailable(), wanted.size(), true);
        int minReady = minReadySeconds(observed.set());
        int unavailable = 0;
        List<Pod> broken = new ArrayList<>();
        List<Pod> candidates = new ArrayList<>();
        for (Node node : wanted) {
            Optional<Pod> pod = current(byNode.getOrDefault(node.getMetadata().getName(), List.of()));
            boolean isAvailable =
                    pod.map(p -> Pods.isAvailable(p, minReady, now)).orElse(false);
            if (!isAvailable) {
                unavailable++;
            }
            if (pod.isPresent() && !isUpdated(pod.get(), observed)) {
                (isAvailable ? candidates : broken).add(pod.get());
            }
        }
        List<Pod> result = new ArrayList<>(broken);
        int room = Math.max(0, Math.max(1, maxUnavailable) - unavailable);
        result.addAll(candidates.subList(0, Math.min(room, candidates.size())));
        return result;
    }

    private static Status status(Observed observed, List<Node> wanted, Map<String, List<Pod>> byNode, Instant now) {
        int current = 0;
        int ready = 0;
        int available = 0;
        int updated = 0;
        List<String> names = wanted.stream().map(n -> n.getMetadata().getName()).toList();
        for (String name : names) {
            List<Pod> alive = byNode.getOrDefault(name, List.of()).stream()
                    .filter(Pods::isActive)
                    .toList();
            if (alive.isEmpty()) {
                continue;
            }
            current++;
            updated += alive.stream().anyMatch(pod -> isUpdated(pod, observed)) ? 1 : 0;
            ready += alive.stream().anyMatch(Pods::isReady) ? 1 : 0;
            available +=
                    alive.stream().anyMatch(pod -> Pods.isAvailable(pod, minReadySeconds(observed.set()), now)) ? 1 : 0;
        }
        int misscheduled = (int) observed.nodes().stream()
                .map(n -> n.getMetadata().getName())
                .filter(name -> !names.contains(name)
                        && !byNode.getOrDefault(name, List.of()).isEmpty())
                .count();
        Long generation = observed.set().getMetadata().getGeneration();
        return new Status(
                current, misscheduled, names.size(), ready, updated, available, generation == null ? 0 : generation);
    }

    private static Optional<Pod> current(List<Pod> pods) {
        return pods.stream()
                .filter(Pods::isActive)
                .min(Comparator.comparing(
                        pod -> String.valueOf(pod.getMetadata().getCreationTimestamp())));
    }

    private static boolean isUpdated(Pod pod, Observed observed) {
        Map<String, String> labels = pod.getMetadata().getLabels();
        return labels != null && observed.currentHash().equals(labels.get(RevisionHistory.LABEL));
    }

    private static Map<String, List<Pod>> byNode(List<Pod> pods) {
        Map<String, List<Pod>> byNode = new LinkedHashMap<>();
        for (Pod pod : pods) {
            byNode.computeIfAbsent(nodeOf(pod), n -> new ArrayList<>()).add(pod);
        }
        return byNode;
    }

    /** The node of a pod, or the one that it was made for while it waits for the scheduler. */
    static String nodeOf(Pod pod) {
        String node = Pods.node(pod);
        if (!node.isEmpty() || pod.getSpec() == null || pod.getSpec().getAffinity() == null) {
            return node;
        }
        var affinity = pod.getSpec().getAffinity().getNodeAffinity();
        var required = affinity == null ? null : affinity.getRequiredDuringSchedulingIgnoredDuringExecution();
        if (required == null) {
            return "";
        }
        return required.getNodeSelectorTerms().stream()
                .filter(term -> term.getMatchFields() != null)
                .flatMap(term -> term.getMatchFields().stream())
                .filter(field -> "metadata.name".equals(field.getKey())
                        && !field.getValues().isEmpty())
                .map(field -> field.getValues().getFirst())
                .findFirst()
                .orElse("");
    }

    static int minReadySeconds(DaemonSet set) {
        Integer seconds = set.getSpec().getMinReadySeconds();
        return seconds == null ? 0 : seconds;
    }
}

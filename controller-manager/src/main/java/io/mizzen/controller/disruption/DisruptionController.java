// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.disruption;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ReplicationController;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetBuilder;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetStatus;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetStatusBuilder;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.EventSink;
import io.mizzen.client.Informer;
import io.mizzen.client.Json;
import io.mizzen.client.LabelSelectors;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.OwnerReferences;
import io.mizzen.client.Result;
import io.mizzen.client.WorkQueue;
import io.mizzen.client.selector.LabelMatcher;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import io.mizzen.controller.condition.Timestamps;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** The shell of the disruption controller: reads the caches, asks {@link BudgetRules}, writes the status. */
public final class DisruptionController implements Controller {

    private static final String NAME = "disruption-controller";

    private final ControllerContext context;
    private final Informer<PodDisruptionBudget> budgets;
    private final Informer<Pod> pods;
    private final Informer<Deployment> deployments;
    private final Informer<ReplicaSet> replicaSets;
    private final Informer<StatefulSet> statefulSets;
    private final Informer<ReplicationController> replicationControllers;
    private final EventSink events;
    private final WorkQueue<ObjectKey> queue;
    private final ControllerLoop<ObjectKey> loop;

    /** Asks for its informers and waits to be started. */
    public DisruptionController(ControllerContext context) {
        this.context = context;
        this.budgets = context.informers().of(PodDisruptionBudget.class);
        this.pods = context.informers().of(Pod.class);
        this.deployments = context.informers().of(Deployment.class);
        this.replicaSets = context.informers().of(ReplicaSet.class);
        this.statefulSets = context.informers().of(StatefulSet.class);
        this.replicationControllers = context.informers().of(ReplicationController.class);
        this.events = context.events().apply("controllermanager");
        this.queue = context.queue(NAME);
        this.loop = context.loop(queue, NAME, 1, this::reconcile);
        budgets.onChange(ChangeHandler.of(budget -> queue.add(ObjectKey.of(budget))));
        pods.onChange(ChangeHandler.of(this::wake));
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return List.of(loop);
    }

    private void wake(Pod pod) {
        for (PodDisruptionBudget budget : budgets.inNamespace(ObjectKey.of(pod).namespace())) {
            if (LabelSelectors.matches(
                    budget.getSpec().getSelector(), pod.getMetadata().getLabels())) {
                queue.add(ObjectKey.of(budget));
            }
        }
    }

    private Result reconcile(ObjectKey key) {
        Optional<PodDisruptionBudget> found = budgets.find(key);
        if (found.isEmpty()) {
            return Result.done();
        }
        PodDisruptionBudget budget = found.get();
        Instant now = context.clock().instant();
        LabelMatcher selector = LabelMatcher.of(budget.getSpec().getSelector());
        List<Pod> selected = pods.inNamespace(key.namespace()).stream()
                .filter(pod -> selector.matches(pod.getMetadata().getLabels()))
                .filter(pod -> !io.mizzen.controller.pod.Pods.isTerminal(pod))
                .toList();
        if (selected.isEmpty()) {
            events.normal(budget, "NoPods", "No matching pods found");
        }
        Optional<Integer> scale = BudgetRules.needsScale(budget) ? scale(budget, selected) : Optional.of(0);
        if (scale.isEmpty()) {
            return Result.done();
        }
        BudgetRules.Budget decided = BudgetRules.decide(budget, selected, scale.get(), now);
        write(budget, decided, now);
        return decided.recheck()
                .map(time -> Result.after(Duration.between(now, time)))
                .orElse(Result.done());
    }

    /** The sum of the sizes of the pods' controllers; empty, and no eviction allowed, when one is unknown. */
    private Optional<Integer> scale(PodDisruptionBudget budget, List<Pod> selected) {
        Map<String, Integer> sizes = new HashMap<>();
        for (Pod pod : selected) {
            String namespace = ObjectKey.of(pod).namespace();
            Optional<OwnerReference> controller = OwnerReferences.controllerOf(pod);
            OptionalInt size = controller.isEmpty() ? OptionalInt.empty() : size(namespace, controller.get(), sizes);
            if (controller.isPresent() && size.isEmpty()) {
                String message = controller.get().getKind() + " "
                        + controller.get().getName() + " of pod " + ObjectKey.of(pod) + " has no known scale";
                events.warning(
                        budget,
                        "CalculateExpectedPodCountFailed",
                        "Failed to calculate the number of expected pods: " + message);
                refuse(budget, message);
                return Optional.empty();
            }
        }
        return Optional.of(sizes.values().stream().mapToInt(Integer::intValue).sum());
    }

    private OptionalInt size(String namespace, OwnerReference controller, Map<String, Integer> sizes) {
        ObjectKey key = new ObjectKey(namespace, controller.getName());
        return switch (controller.getKind()) {
            case "ReplicaSet" -> {
                Optional<ReplicaSet> set = replicaSets.find(key);
                Optional<Deployment> deployment = set.flatMap(
                                owned -> OwnerReferences.controllerKey(owned, "Deployment"))
                        .flatMap(deployments::find);
                yield deployment.isPresent()
                        ? note(
                                sizes,
                                deployment.get(),
                                deployment.get().getSpec().getReplicas())
                        : note(
                                sizes,
                                set.orElse(null),
                                set.map(s -> s.getSpec().getReplicas()).orElse(null));
            }
            case "StatefulSet" -> {
                Optional<StatefulSet> set = statefulSets.find(key);
                yield note(
                        sizes,
                        set.orElse(null),
                        set.map(s -> s.getSpec().getReplicas()).orElse(null));
            }
            case "ReplicationController" -> {
                Optional<ReplicationController> set = replicationControllers.find(key);
                yield note(
                        sizes,
                        set.orElse(null),
                        set.map(s -> s.getSpec().getReplicas()).orElse(null));
            }
            default -> OptionalInt.empty();
        };
    }

    private static OptionalInt note(
            Map<String, Integer> sizes, @Nullable HasMetadata owner, @Nullable Integer replicas) {
        if (owner == null) {
            return OptionalInt.empty();
        }
        int size = replicas == null ? 1 : replicas;
        sizes.put(owner.getMetadata().getUid(), size);
        return OptionalInt.of(size);
    }

    private void refuse(PodDisruptionBudget budget, String message) {
        PodDisruptionBudgetStatus before =
                budget.getStatus() == null ? new PodDisruptionBudgetStatus() : budget.getStatus();
        PodDisruptionBudgetStatus wanted = new PodDisruptionBudgetStatusBuilder(before)
                .withDisruptionsAllowed(0)
                .withObservedGeneration(budget.getMetadata().getGeneration())
                .withConditions(condition(
                        before, "False", "SyncFailed", message, context.clock().instant()))
                .build();
        send(budget, before, wanted);
    }

    private void write(PodDisruptionBudget budget, BudgetRules.Budget decided, Instant now) {
        PodDisruptionBudgetStatus before =
                budget.getStatus() == null ? new PodDisruptionBudgetStatus() : budget.getStatus();
        boolean sufficient = decided.allowed() > 0;
        PodDisruptionBudgetStatus wanted = new PodDisruptionBudgetStatusBuilder(before)
                .withExpectedPods(decided.expected())
                .withDesiredHealthy(decided.desired())
                .withCurrentHealthy(decided.healthy())
                .withDisruptionsAllowed(decided.allowed())
                .withDisruptedPods(decided.disrupted())
                .withObservedGeneration(budget.getMetadata().getGeneration())
                .withConditions(condition(
                        before,
                        sufficient ? "True" : "False",
                        sufficient ? "SufficientPods" : "InsufficientPods",
                        "",
                        now))
                .build();
        send(budget, before, wanted);
    }

    private static List<Condition> condition(
            PodDisruptionBudgetStatus before, String status, String reason, String message, Instant now) {
        Optional<Condition> present = before.getConditions() == null
                ? Optional.empty()
                : before.getConditions().stream()
                        .filter(c -> "DisruptionAllowed".equals(c.getType()))
                        .findFirst();
        boolean same = present.map(c -> status.equals(c.getStatus())).orElse(false);
        return List.of(new ConditionBuilder()
                .withType("DisruptionAllowed")
                .withStatus(status)
                .withReason(reason)
                .withMessage(message)
                .withLastTransitionTime(same ? present.get().getLastTransitionTime() : Timestamps.text(now))
                .build());
    }

    private void send(PodDisruptionBudget budget, PodDisruptionBudgetStatus before, PodDisruptionBudgetStatus wanted) {
        if (!Json.tree(wanted).equals(Json.tree(before))) {
            context.api()
                    .updateStatus(new PodDisruptionBudgetBuilder(budget)
                            .withStatus(wanted)
                            .build());
        }
    }
}

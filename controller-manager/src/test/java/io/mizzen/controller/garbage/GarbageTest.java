// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.garbage;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.mizzen.client.DeleteRequest.Propagation;
import io.mizzen.client.ResourceType;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GarbageTest {

    private static final ResourceType PODS = new ResourceType("", "v1", "pods", "Pod", true);
    private final OwnerGraph graph = new OwnerGraph();

    @Test
    void asksForALiveLookAtAnOwnerNobodyHasSeen() {
        var looks = graph.observe(PODS, object("child", List.of(owner("parent", true))));

        assertThat(looks)
                .containsExactlyInAnyOrder(new OwnerGraph.Look.Delete("parent"), new OwnerGraph.Look.Delete("child"));
        assertThat(graph.view("parent").orElseThrow().virtual()).isTrue();
    }

    @Test
    void looksAtDependentsWhenTheirOwnerGoes() {
        graph.observe(PODS, object("parent", List.of()));
        graph.observe(PODS, object("child", List.of(owner("parent", true))));

        assertThat(graph.forget("parent")).containsExactly(new OwnerGraph.Look.Delete("child"));
    }

    @Test
    void drivesAForegroundDeletionFromTheDependentsUp() {
        graph.observe(PODS, object("parent", List.of()));
        graph.observe(PODS, object("child", List.of(owner("parent", true))));

        assertThat(graph.observe(PODS, deleting("parent", "foregroundDeletion")))
                .contains(new OwnerGraph.Look.Delete("child"));
        assertThat(graph.view("parent").orElseThrow().deletingDependents()).isTrue();
        assertThat(graph.forget("child")).containsExactly(new OwnerGraph.Look.Delete("parent"));
    }

    @Test
    void goesOnWithAForegroundDeletionWhenADependentNoLongerBlocks() {
        graph.observe(PODS, object("parent", List.of()));
        graph.observe(PODS, object("child", List.of(owner("parent", true))));
        graph.observe(PODS, deleting("parent", "foregroundDeletion"));

        assertThat(graph.observe(PODS, object("child", List.of(owner("parent", false)))))
                .contains(new OwnerGraph.Look.Delete("parent"));
    }

    @Test
    void looksAtADependentThatComesWhileItsOwnerWaits() {
        graph.observe(PODS, object("parent", List.of()));
        graph.observe(PODS, deleting("parent", "foregroundDeletion"));

        assertThat(graph.observe(PODS, object("late", List.of(owner("parent", true)))))
                .contains(new OwnerGraph.Look.Delete("late"));
    }

    @Test
    void seesACircleOnceAllOfItWaits() {
        graph.observe(PODS, object("a", List.of(owner("b", true))));
        graph.observe(PODS, object("b", List.of(owner("a", true))));
        graph.observe(PODS, waiting("a", owner("b", true)));
        assertThat(graph.waitsForItself("a")).isFalse();

        graph.observe(PODS, waiting("b", owner("a", true)));
        assertThat(graph.waitsForItself("a")).isTrue();
        assertThat(graph.waitsForItself("b")).isTrue();

        graph.observe(PODS, waiting("b", owner("a", false)));
        assertThat(graph.waitsForItself("a")).isFalse();
    }

    @Test
    void orphansOnce() {
        graph.observe(PODS, object("parent", List.of()));

        assertThat(graph.observe(PODS, deleting("parent", "orphan")))
                .containsExactly(new OwnerGraph.Look.Orphan("parent"));
        assertThat(graph.observe(PODS, deleting("parent", "orphan"))).isEmpty();
    }

    @Test
    void forgetsAnAbsentOwnerWithItsLastReference() {
        graph.observe(PODS, object("child", List.of(owner("ghost", true))));
        graph.observe(PODS, object("child", List.of()));

        assertThat(graph.view("ghost")).isEmpty();
        assertThat(graph.size()).isEqualTo(1);
    }

    @Test
    void keepsWhatHasAnOwnerAndDropsReferencesToThoseThatAreGone() {
        assertThat(Verdict.of(List.of(at("a", Verdict.OwnerState.SOLID)), List.of(), false, false))
                .isEqualTo(new Verdict.Keep());
        assertThat(Verdict.of(List.of(), List.of(), false, false)).isEqualTo(new Verdict.Keep());
        assertThat(Verdict.of(
                        List.of(
                                at("a", Verdict.OwnerState.SOLID),
                                at("b", Verdict.OwnerState.ABSENT),
                                at("c", Verdict.OwnerState.WAITING)),
                        List.of(),
                        false,
                        false))
                .isEqualTo(new Verdict.DropReferences(Set.of("b", "c")));
    }

    @Test
    void deletesByTheFinalizerThatSaysHow() {
        List<Verdict.Owner> absent = List.of(at("a", Verdict.OwnerState.ABSENT));

        assertThat(Verdict.of(absent, List.of(), true, false)).isEqualTo(new Verdict.Delete(Propagation.Background));
        assertThat(Verdict.of(absent, List.of("orphan"), true, false))
                .isEqualTo(new Verdict.Delete(Propagation.Orphan));
        assertThat(Verdict.of(absent, List.of("foregroundDeletion"), true, false))
                .isEqualTo(new Verdict.Delete(Propagation.Foreground));
    }

    @Test
    void passesAForegroundDeletionOnAndUnblocksACircle() {
        List<Verdict.Owner> waiting = List.of(at("a", Verdict.OwnerState.WAITING));

        assertThat(Verdict.of(waiting, List.of(), true, false)).isEqualTo(new Verdict.DeleteForeground(false));
        assertThat(Verdict.of(waiting, List.of(), true, true)).isEqualTo(new Verdict.DeleteForeground(true));
        assertThat(Verdict.of(waiting, List.of(), false, false)).isEqualTo(new Verdict.Delete(Propagation.Background));
    }

    private static Verdict.Owner at(String uid, Verdict.OwnerState state) {
        return new Verdict.Owner(owner(uid, true), state);
    }

    private static OwnerReference owner(String uid, boolean blocks) {
        return new OwnerReferenceBuilder()
                .withApiVersion("v1")
                .withKind("Pod")
                .withName(uid)
                .withUid(uid)
                .withBlockOwnerDeletion(blocks)
                .build();
    }

    private static GenericKubernetesResource object(String uid, List<OwnerReference> owners) {
        GenericKubernetesResource object = new GenericKubernetesResource();
        object.setMetadata(new ObjectMetaBuilder()
                .withNamespace("default")
                .withName(uid)
                .withUid(uid)
                .withOwnerReferences(new ArrayList<>(owners))
                .build());
        return object;
    }

    private static GenericKubernetesResource waiting(String uid, OwnerReference owner) {
        return deleting(object(uid, List.of(owner)), "foregroundDeletion");
    }

    private static GenericKubernetesResource deleting(String uid, String finalizer) {
        return deleting(object(uid, List.of()), finalizer);
    }

    private static GenericKubernetesResource deleting(GenericKubernetesResource object, String finalizer) {
        object.getMetadata().setDeletionTimestamp("2026-01-01T00:00:00Z");
        object.getMetadata().setFinalizers(List.of(finalizer));
        return object;
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetBuilder;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ControllerRefTest {

    private static final LabelSelector WEB =
            new LabelSelectorBuilder().withMatchLabels(Map.of("app", "web")).build();
    private final ReplicaSet owner = set("mine", "uid-mine");
    private final ReplicaSet other = set("other", "uid-other");

    @Test
    void adoptsMatchingOrphansAndReleasesStrayedDependents() {
        Pod owned = pod("owned", "web", owner);
        Pod orphan = pod("orphan", "web", null);
        Pod strayed = pod("strayed", "db", owner);
        Pod foreign = pod("foreign", "web", other);
        Pod unrelated = pod("unrelated", "db", null);

        var claims = ControllerRef.decide(owner, WEB, List.of(owned, orphan, strayed, foreign, unrelated));

        assertThat(claims.owned()).containsExactly(owned);
        assertThat(claims.toAdopt()).containsExactly(orphan);
        assertThat(claims.toRelease()).containsExactly(strayed);
    }

    @Test
    void neitherAdoptsNorReleasesWhileItIsBeingDeleted() {
        ReplicaSet going = new ReplicaSetBuilder(owner)
                .editMetadata()
                .withDeletionTimestamp("2026-01-01T00:00:00Z")
                .endMetadata()
                .build();

        var claims = ControllerRef.decide(going, WEB, List.of(pod("orphan", "web", null), pod("strayed", "db", owner)));

        assertThat(claims.toAdopt()).isEmpty();
        assertThat(claims.toRelease()).isEmpty();
    }

    @Test
    void doesNotAdoptADyingOrphan() {
        Pod dying = new PodBuilder(pod("dying", "web", null))
                .editMetadata()
                .withDeletionTimestamp("2026-01-01T00:00:00Z")
                .endMetadata()
                .build();

        assertThat(ControllerRef.decide(owner, WEB, List.of(dying)).toAdopt()).isEmpty();
    }

    private static ReplicaSet set(String name, String uid) {
        return new ReplicaSetBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .withUid(uid)
                .endMetadata()
                .build();
    }

    private static Pod pod(String name, String app, ReplicaSet owner) {
        PodBuilder pod = new PodBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .withUid("uid-" + name)
                .addToLabels("app", app)
                .endMetadata();
        if (owner != null) {
            pod.editMetadata()
                    .addToOwnerReferences(OwnerReferences.controller(owner))
                    .endMetadata();
        }
        return pod.build();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.plugin;

import static io.mizzen.scheduler.Objects.node;
import static io.mizzen.scheduler.Objects.pod;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.mizzen.scheduler.FakeCluster;
import io.mizzen.scheduler.framework.ClusterEvent.Resource;
import io.mizzen.scheduler.framework.CycleState;
import io.mizzen.scheduler.framework.EventRegistration;
import io.mizzen.scheduler.framework.NodeInfo;
import io.mizzen.scheduler.framework.PodInfo;
import io.mizzen.scheduler.framework.Snapshot;
import java.util.List;
import org.junit.jupiter.api.Test;

class VolumeRestrictionsTest {
    private final FakeCluster cluster = new FakeCluster();
    private final VolumeRestrictions plugin = new VolumeRestrictions(cluster);
    private final PodInfo first = user("first", "data");
    private final PodInfo second = user("second", "data");
    private final NodeInfo used = NodeInfo.of(node("used", "1", "1Gi")).withPod(first);
    private final NodeInfo free = NodeInfo.of(node("free", "1", "1Gi"));

    private static PodInfo user(String name, String claim) {
        return pod(
                name,
                p -> p.editSpec()
                        .addNewVolume()
                        .withName("v")
                        .withNewPersistentVolumeClaim(claim, false)
                        .endVolume()
                        .endSpec());
    }

    private void claim(String mode) {
        cluster.claims.put(
                "data",
                new PersistentVolumeClaimBuilder()
                        .withNewMetadata()
                        .withNamespace("default")
                        .withName("data")
                        .endMetadata()
                        .withNewSpec()
                        .withAccessModes(mode)
                        .endSpec()
                        .build());
    }

    @Test
    void letsOnePodAtATimeUseAnExclusiveClaimAndMayPreemptIt() {
        claim("ReadWriteOncePod");
        CycleState state = new CycleState();
        assertThat(plugin.preFilter(state, second, Snapshot.of(List.of(used, free)))
                        .status()
                        .isSuccess())
                .isTrue();

        assertThat(plugin.filter(state, second, free).toString()).contains("UNSCHEDULABLE,");
        assertThat(plugin.filter(state, second, free).message())
                .isEqualTo("node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already"
                        + " in-use by another pod");
        CycleState without = state.copy();
        plugin.removePod(without, second, first, used);
        assertThat(plugin.filter(without, second, free).isSuccess()).isTrue();
        assertThat(plugin.filter(state, second, free).isSuccess()).isFalse();
    }

    @Test
    void hasNothingToSayOfOtherClaimsAndRefusesAMissingOne() {
        claim("ReadWriteOnce");
        Snapshot snapshot = Snapshot.of(List.of(used, free));
        assertThat(plugin.preFilter(new CycleState(), second, snapshot).status().isSkip())
                .isTrue();

        assertThat(plugin.preFilter(new CycleState(), user("other", "none"), snapshot)
                        .status()
                        .message())
                .isEqualTo("persistentvolumeclaim \"none\" not found");
    }

    @Test
    void wakesAPodWhenTheOneWithItsClaimGoes() {
        EventRegistration deletion = plugin.eventsToRegister().stream()
                .filter(event -> event.event().resource() == Resource.POD)
                .findFirst()
                .orElseThrow();

        assertThat(deletion.hint().mayHelp(second, first, null)).isTrue();
        assertThat(deletion.hint().mayHelp(second, user("third", "other"), null))
                .isFalse();
    }
}

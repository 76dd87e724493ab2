// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.plugin;

import static io.mizzen.scheduler.Objects.node;
import static io.mizzen.scheduler.Objects.pod;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.storage.StorageClassBuilder;
import io.mizzen.scheduler.FakeCluster;
import io.mizzen.scheduler.framework.CycleState;
import io.mizzen.scheduler.framework.NodeInfo;
import io.mizzen.scheduler.framework.PodInfo;
import io.mizzen.scheduler.framework.Snapshot;
import io.mizzen.scheduler.framework.Status;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class VolumeBindingTest {
    private final FakeCluster cluster = new FakeCluster();
    private final VolumeBinding plugin = new VolumeBinding(cluster, cluster, Duration.ofSeconds(5));
    private final NodeInfo nodeA = NodeInfo.of(node("a", "1", "1Gi"));
    private final NodeInfo nodeB = NodeInfo.of(node("b", "1", "1Gi"));
    private final PodInfo pod = pod(
            "p",
            p -> p.editSpec()
                    .addNewVolume()
                    .withName("data")
                    .withNewPersistentVolumeClaim("data", false)
                    .endVolume()
                    .endSpec());

    private void claim(String className, String volumeName) {
        PersistentVolumeClaim claim = new PersistentVolumeClaimBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("data")
                .withUid("claim-uid")
                .endMetadata()
                .withNewSpec()
                .withStorageClassName(className)
                .withAccessModes("ReadWriteOnce")
                .withVolumeName(volumeName)
                .withNewResources()
                .addToRequests("storage", new Quantity("1Gi"))
                .endResources()
                .endSpec()
                .build();
        if (volumeName != null) {
            claim.getMetadata().setAnnotations(java.util.Map.of("pv.kubernetes.io/bind-completed", "yes"));
        }
        cluster.claims.put("data", claim);
    }

    private static PersistentVolume volume(String name, String size, String node) {
        return new PersistentVolumeBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withStorageClassName("local")
                .withAccessModes("ReadWriteOnce")
                .addToCapacity("storage", new Quantity(size))
                .withNewNodeAffinity()
                .withNewRequired()
                .addNewNodeSelectorTerm()
                .addToMatchExpressions(new io.fabric8.kubernetes.api.model.NodeSelectorRequirement(
                        "kubernetes.io/hostname", "In", List.of(node)))
                .endNodeSelectorTerm()
                .endRequired()
                .endNodeAffinity()
                .endSpec()
                .withNewStatus()
                .withPhase("Available")
                .endStatus()
                .build();
    }

    private void storageClass(String provisioner, String mode) {
        cluster.classes.put(
                "local",
                new StorageClassBuilder()
                        .withNewMetadata()
                        .withName("local")
                        .endMetadata()
                        .withProvisioner(provisioner)
                        .withVolumeBindingMode(mode)
                        .build());
    }

    private Status preFilter(CycleState state) {
        return plugin.preFilter(state, pod, Snapshot.of(List.of(nodeA, nodeB))).status();
    }

    @Test
    void refusesAPodWhoseClaimIsMissing() {
        assertThat(preFilter(new CycleState()).message()).isEqualTo("persistentvolumeclaim \"data\" not found");
    }

    @Test
    void refusesUnboundClaimsThatNeedNoConsumer() {
        storageClass("x", "Immediate");
        claim("local", null);

        assertThat(preFilter(new CycleState()).message()).isEqualTo("pod has unbound immediate PersistentVolumeClaims");
    }

    @Test
    void sendsAPodToTheNodeOfItsBoundVolume() {
        claim("local", "pv");
        cluster.volumes.add(volume("pv", "1Gi", "b"));
        CycleState state = new CycleState();
        assertThat(preFilter(state).isSuccess()).isTrue();

        assertThat(plugin.filter(state, pod, nodeA).message())
                .isEqualTo("node(s) didn't match PersistentVolume's node affinity");
        assertThat(plugin.filter(state, pod, nodeB).isSuccess()).isTrue();
    }

    @Test
    void takesTheSmallestVolumeThatFitsAndBindsIt() {
        storageClass("kubernetes.io/no-provisioner", "WaitForFirstConsumer");
        claim("local", null);
        cluster.volumes.addAll(
                List.of(volume("large", "5Gi", "b"), volume("fit", "2Gi", "b"), volume("small", "1Mi", "b")));
        CycleState state = new CycleState();
        assertThat(preFilter(state).isSuccess()).isTrue();
        assertThat(plugin.filter(state, pod, nodeA).message())
                .isEqualTo("node(s) didn't find available persistent volumes to bind");

        state.put(new VolumeBinding.Chosen(nodeB));
        assertThat(plugin.reserve(state, pod, "b").isSuccess()).isTrue();
        assertThat(plugin.preBind(state, pod, "b").isSuccess()).isTrue();

        assertThat(cluster.claims.get("data").getSpec().getVolumeName()).isEqualTo("fit");
    }

    @Test
    void promisesAVolumeToOnePodOnly() {
        storageClass("kubernetes.io/no-provisioner", "WaitForFirstConsumer");
        claim("local", null);
        cluster.volumes.add(volume("only", "2Gi", "b"));
        CycleState first = new CycleState();
        assertThat(preFilter(first).isSuccess()).isTrue();
        first.put(new VolumeBinding.Chosen(nodeB));
        assertThat(plugin.reserve(first, pod, "b").isSuccess()).isTrue();

        PersistentVolumeClaim other = new PersistentVolumeClaimBuilder(cluster.claims.get("data"))
                .editMetadata()
                .withUid("other-uid")
                .endMetadata()
                .build();
        cluster.claims.put("data", other);
        CycleState second = new CycleState();
        assertThat(preFilter(second).isSuccess()).isTrue();
        assertThat(plugin.filter(second, pod, nodeB).isSuccess()).isFalse();

        plugin.unreserve(first, pod, "b");
        assertThat(plugin.filter(second, pod, nodeB).isSuccess()).isTrue();
    }

    @Test
    void tellsTheProvisionerTheNode() {
        storageClass("example.com/disk", "WaitForFirstConsumer");
        claim("local", null);
        CycleState state = new CycleState();
        assertThat(preFilter(state).isSuccess()).isTrue();
        assertThat(plugin.filter(state, pod, nodeA).isSuccess()).isTrue();

        state.put(new VolumeBinding.Chosen(nodeA));
        assertThat(plugin.reserve(state, pod, "a").isSuccess()).isTrue();
        assertThat(plugin.preBind(state, pod, "a").isSuccess()).isTrue();

        assertThat(cluster.selectedNodes).containsExactly("data a");
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.mizzen.kubelet.control.ObjectSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Claims on local volumes, and the folders that the node makes for them. Runs as root, as the kubelet does. */
class ClaimVolumesTest {
    @TempDir
    Path dir;

    private Optional<ObjectSource.BoundClaim> bound = Optional.empty();

    private LocalPathVolumes localPaths() {
        return new LocalPathVolumes("a", dir.resolve("storage"));
    }

    private Volumes volumes() {
        return new Volumes(
                new VolumeFolders(dir.resolve("kubelet")), new Objects(), localPaths(), InstantSource.system());
    }

    private static Pod pod(String uid) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("p")
                .withUid(uid)
                .endMetadata()
                .withNewSpec()
                .withNewSecurityContext()
                .withFsGroup(4711L)
                .withFsGroupChangePolicy("OnRootMismatch")
                .endSecurityContext()
                .addNewContainer()
                .withName("c")
                .addNewVolumeMount()
                .withName("v")
                .withMountPath("/v")
                .endVolumeMount()
                .endContainer()
                .addNewVolume()
                .withName("v")
                .withNewPersistentVolumeClaim("data", false)
                .endVolume()
                .endSpec()
                .build();
    }

    private static PersistentVolumeClaim claim() {
        return new PersistentVolumeClaimBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("data")
                .withUid("uid-data")
                .endMetadata()
                .build();
    }

    private PersistentVolume volume(Path path) {
        return new PersistentVolumeBuilder()
                .withNewMetadata()
                .withName("pv")
                .withDeletionTimestamp("2026-01-01T00:00:00Z")
                .withFinalizers(LocalPathVolumes.FINALIZER)
                .addToAnnotations("pv.kubernetes.io/provisioned-by", "mizzen.io/local-path")
                .addToAnnotations("mizzen.io/local-path-node", "a")
                .endMetadata()
                .withNewSpec()
                .withPersistentVolumeReclaimPolicy("Delete")
                .withNewClaimRef()
                .withName("data")
                .withUid("uid-data")
                .endClaimRef()
                .withNewLocal("", path.toString())
                .endSpec()
                .build();
    }

    private Path setUp(Volumes volumes, Pod pod, boolean isAdopted) throws VolumeException {
        return volumes.setUp(pod, new DownwardFields(pod, List.of(), List.of(), Map.of()), isAdopted)
                .get("v");
    }

    private String refusal() {
        try {
            return "none: " + setUp(volumes(), pod("u"), false);
        } catch (VolumeException e) {
            return e.event();
        }
    }

    @Test
    void tellsOfEveryVolumeThatCannotBeSetUpAndNotOfTheFirstAlone() {
        Pod pod = new PodBuilder(pod("u"))
                .editSpec()
                .editContainer(0)
                .addNewVolumeMount()
                .withName("w")
                .withMountPath("/w")
                .endVolumeMount()
                .endContainer()
                .addNewVolume()
                .withName("w")
                .withNewConfigMap()
                .withName("nope")
                .endConfigMap()
                .endVolume()
                .endSpec()
                .build();

        assertThatThrownBy(() -> setUp(volumes(), pod, false))
                .isInstanceOfSatisfying(
                        VolumeException.class,
                        e -> assertThat(e.all())
                                .extracting(VolumeException::volume)
                                .containsExactly("v", "w"));
    }

    @Test
    void waitsForAClaimInUpstreamsWords() {
        String prefix = "Unable to attach or mount volumes: unmounted volumes=[v], unattached volumes=[], failed to"
                + " process volumes=[v]: error processing PVC default/data: ";
        assertThat(refusal())
                .isEqualTo(prefix + "failed to fetch PVC from API server: persistentvolumeclaims \"data\" not found");
        bound = Optional.of(new ObjectSource.BoundClaim(claim(), Optional.empty()));
        assertThat(refusal()).isEqualTo(prefix + "PVC is not bound");

        PersistentVolume foreign = volume(dir.resolve("storage/pv_default_data"));
        foreign.getSpec().getClaimRef().setUid("another");
        bound = Optional.of(new ObjectSource.BoundClaim(claim(), Optional.of(foreign)));
        assertThat(refusal()).isEqualTo(prefix + "found PV object \"pv\" that is not bound to it");

        PersistentVolume elsewhere = volume(Path.of("/none"));
        elsewhere.getMetadata().setAnnotations(Map.of());
        bound = Optional.of(new ObjectSource.BoundClaim(claim(), Optional.of(elsewhere)));
        assertThat(refusal())
                .isEqualTo("MountVolume.NewMounter initialization failed for volume \"pv\" : path \"/none\" does not"
                        + " exist");
    }

    @Test
    void startsNoPodOnAClaimThatIsBeingDeletedButLeavesARunningOneAlone() throws Exception {
        PersistentVolumeClaim leaving = claim();
        leaving.getMetadata().setDeletionTimestamp("2026-01-01T00:00:00Z");
        Path folder = dir.resolve("storage/pv_default_data");
        bound = Optional.of(new ObjectSource.BoundClaim(leaving, Optional.of(volume(folder))));

        assertThat(refusal()).endsWith("PVC is being deleted");
        assertThat(setUp(volumes(), pod("u"), true)).isEqualTo(folder);
    }

    @Test
    void makesTheFolderGivesItToTheGroupOnceAndRemovesItWithoutFollowingLinks() throws Exception {
        Path folder = dir.resolve("storage/pv_default_data");
        Path outside = Files.writeString(dir.resolve("outside"), "kept");
        PersistentVolume volume = volume(folder);
        bound = Optional.of(new ObjectSource.BoundClaim(claim(), Optional.of(volume)));
        Volumes volumes = volumes();

        assertThat(setUp(volumes, pod("u"), false)).isEqualTo(folder);
        assertThat(Files.getAttribute(folder, "unix:gid")).isEqualTo(4711);
        assertThat((int) Files.getAttribute(folder, "unix:mode") & 07777).isEqualTo(02777);
        Path file = Files.writeString(folder.resolve("file"), "x");
        Files.setAttribute(file, "unix:gid", 0);
        assertThat(setUp(volumes, pod("u"), false)).isEqualTo(folder);
        assertThat(setUp(volumes, pod("again"), false)).isEqualTo(folder);
        assertThat(Files.getAttribute(file, "unix:gid")).as("OnRootMismatch").isEqualTo(0);
        Files.setAttribute(folder, "unix:gid", 0);
        assertThat(setUp(volumes, pod("third"), false)).isEqualTo(folder);
        assertThat(Files.getAttribute(file, "unix:gid")).isEqualTo(4711);

        Files.createSymbolicLink(folder.resolve("link"), dir);
        Path deep = folder;
        for (int i = 0; i < 300; i++) {
            deep = Files.createDirectory(deep.resolve("d"));
        }
        Files.createSymbolicLink(deep.resolve("link"), outside);
        assertThat(localPaths().isLeaving(volume)).isTrue();
        localPaths().reclaim(volume);

        assertThat(folder).doesNotExist();
        assertThat(outside).hasContent("kept");
    }

    @Test
    void touchesNothingButItsOwnFolders() throws Exception {
        Path other = Files.createDirectories(dir.resolve("other/pv_default_data"));
        for (Path path :
                List.of(other, dir.resolve("storage"), dir.resolve("storage/../other/pv_default_data"), Path.of("/"))) {
            assertThatThrownBy(() -> localPaths().reclaim(volume(path))).hasMessageContaining("is not a folder of");
            assertThatThrownBy(() -> localPaths().prepare(volume(path))).hasMessageContaining("is not a folder of");
        }
        assertThat(other).exists();

        PersistentVolume kept = volume(dir.resolve("storage/pv_default_data"));
        localPaths().prepare(kept);
        kept.getSpec().setPersistentVolumeReclaimPolicy("Retain");
        localPaths().reclaim(kept);
        assertThat(dir.resolve("storage/pv_default_data")).exists();
    }

    @Test
    void knowsWhichVolumesWaitForThisNode() {
        PersistentVolume volume = volume(dir.resolve("storage/pv_default_data"));
        assertThat(localPaths().isLeaving(volume)).isTrue();
        assertThat(new LocalPathVolumes("b", dir).isLeaving(volume)).isFalse();
        assertThat(localPaths()
                        .isLeaving(new PersistentVolumeBuilder(volume)
                                .withNewStatus()
                                .withPhase("Bound")
                                .endStatus()
                                .build()))
                .isFalse();
        volume.getMetadata().setDeletionTimestamp(null);
        assertThat(localPaths().isLeaving(volume)).isFalse();
    }

    @Test
    void showsPartsOfAVolumeAndMakesMissingOnesBeneathIt() throws Exception {
        Path volume = Files.createDirectory(dir.resolve("volume"));
        Files.createDirectory(volume.resolve("real"));
        Files.createSymbolicLink(volume.resolve("inside"), Path.of("real"));
        Files.createSymbolicLink(volume.resolve("dangling"), Path.of("../made"));
        SubPaths subPaths = new SubPaths(new VolumeFolders(dir.resolve("kubelet")));
        try {
            Path shown = subPaths.bind("u", "v", volume, "inside/new/part", "c", 0);
            Files.writeString(shown.resolve("file"), "x");
            assertThat(volume.resolve("real/new/part/file")).hasContent("x");
            Path file = subPaths.bind("u", "v", volume, "real/new/part/file", "c", 1);
            assertThat(file).hasContent("x");

            assertThatThrownBy(() -> subPaths.bind("u", "v", volume, "dangling/x", "c", 2))
                    .isInstanceOf(IOException.class);
            assertThat(dir.resolve("made")).doesNotExist();
        } finally {
            for (Path mount : Mounts.below(dir)) {
                Mounts.detach(mount);
            }
        }
    }

    /** Knows the one claim. */
    private final class Objects implements ObjectSource {
        @Override
        public Optional<ConfigMap> configMap(String namespace, String name) {
            return Optional.empty();
        }

        @Override
        public Optional<Secret> secret(String namespace, String name) {
            return Optional.empty();
        }

        @Override
        public List<Service> services(String namespace) {
            return List.of();
        }

        @Override
        public Token token(Pod pod, String audience, long expirationSeconds) throws IOException {
            throw new IOException("no tokens here");
        }

        @Override
        public Optional<BoundClaim> claim(String namespace, String name) {
            return bound;
        }
    }

    @Test
    void aFolderThatACrashLeftHalfMadeIsFinished() throws Exception {
        LocalPathVolumes local = new LocalPathVolumes("a", dir.resolve("storage"));
        Path made = Files.createDirectories(dir.resolve("storage/pv_x_data"));
        Trees.chmod(made, 0755);

        local.prepare(volume(made));
        assertThat((int) Files.getAttribute(made, "unix:mode") & 0777).isEqualTo(0777);

        Files.createFile(made.resolve("data"));
        Trees.chmod(made, 0700);
        local.prepare(volume(made));
        assertThat((int) Files.getAttribute(made, "unix:mode") & 0777)
                .as("what its user chose stays")
                .isEqualTo(0700);
    }

    @Test
    void aGroupGetsWhatIsInAVolumeAndNothingThatALinkLeadsTo() throws Exception {
        Path outside = Files.createFile(dir.resolve("outside"));
        Trees.chmod(outside, 0600);
        Path volume = Files.createDirectories(dir.resolve("volume/sub")).getParent();
        Path file = Files.createFile(volume.resolve("sub/file"));
        Trees.chmod(file, 0600);
        Files.createSymbolicLink(volume.resolve("link"), outside);

        Trees.giveToGroup(volume, 2000);
        Mounts.withoutLinks(volume, Path.of("link"), opened -> Trees.chmod(opened, 0777));

        assertThat(Files.getAttribute(file, "unix:gid")).isEqualTo(2000);
        assertThat((int) Files.getAttribute(file, "unix:mode") & 07777).isEqualTo(0660);
        assertThat((int) Files.getAttribute(volume.resolve("sub"), "unix:mode") & 02770)
                .isEqualTo(02770);
        assertThat(Files.getAttribute(outside, "unix:gid")).isNotEqualTo(2000);
        assertThat((int) Files.getAttribute(outside, "unix:mode") & 07777).isEqualTo(0600);
    }

    @Test
    void aSubPathThatLeadsOutCostsNoDescriptor() throws Exception {
        Path base = Files.createDirectories(dir.resolve("base/a")).getParent();
        Files.createSymbolicLink(base.resolve("a/out"), Path.of("/etc"));

        long before = descriptors();
        for (int i = 0; i < 50; i++) {
            assertThatThrownBy(() -> Mounts.bindBeneath(base, List.of("a", "out"), isDirectory -> dir))
                    .isInstanceOf(IOException.class);
        }

        assertThat(descriptors()).isLessThan(before + 25);
    }

    private static long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }
}

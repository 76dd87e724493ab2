// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.KeyToPathBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicWriterTest {
    @TempDir
    Path dir;

    private static SortedMap<String, FileContent> files(String... pairs) {
        SortedMap<String, FileContent> out = new TreeMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            out.put(pairs[i], new FileContent(pairs[i + 1].getBytes(StandardCharsets.UTF_8), 0644));
        }
        return out;
    }

    @Test
    void replacesAllFilesAtOnceAndWritesNothingWithoutAChange() throws Exception {
        assertThat(AtomicWriter.write(dir, files("a", "1", "d/b", "2"), OptionalLong.empty(), Instant.EPOCH))
                .isTrue();
        assertThat(dir.resolve("a")).hasContent("1");
        assertThat(dir.resolve("d/b")).hasContent("2");
        assertThat(Files.readSymbolicLink(dir.resolve("a"))).isEqualTo(Path.of("..data/a"));
        Path first = Files.readSymbolicLink(dir.resolve("..data"));

        assertThat(AtomicWriter.write(
                        dir, files("a", "1", "d/b", "2"), OptionalLong.empty(), Instant.EPOCH.plusSeconds(1)))
                .isFalse();
        assertThat(AtomicWriter.write(dir, files("a", "3"), OptionalLong.empty(), Instant.EPOCH.plusSeconds(2)))
                .isTrue();

        assertThat(dir.resolve("a")).hasContent("3");
        assertThat(dir.resolve("d")).doesNotExist();
        assertThat(dir.resolve(first)).doesNotExist();
    }

    @Test
    void projectsListedKeysAndNamesAMissingOne() throws Exception {
        ConfigMap map = new ConfigMapBuilder().addToData("k", "v").build();

        assertThat(Projection.ofConfigMap(
                        map,
                        List.of(new KeyToPathBuilder()
                                .withKey("k")
                                .withMode(0400)
                                .withPath("x/y")
                                .build()),
                        0644,
                        false))
                .containsExactly(Map.entry("x/y", new FileContent("v".getBytes(StandardCharsets.UTF_8), 0400)));
        assertThatThrownBy(() -> Projection.ofConfigMap(
                        map,
                        List.of(new KeyToPathBuilder()
                                .withKey("no")
                                .withPath("x")
                                .build()),
                        0644,
                        false))
                .hasMessage("configmap references non-existent configmap key: no");
        assertThat(Projection.ofConfigMap(
                        map,
                        List.of(new KeyToPathBuilder()
                                .withKey("no")
                                .withPath("x")
                                .build()),
                        0644,
                        true))
                .isEmpty();
        assertThatThrownBy(() -> Projection.checked("../up")).hasMessage("invalid path: ../up");
    }

    @Test
    void tellsAPodOfItself() {
        Pod pod = new PodBuilder()
                .withNewMetadata()
                .withName("p")
                .withNamespace("ns")
                .addToLabels("b", "two\"")
                .addToLabels("a", "1")
                .endMetadata()
                .withNewSpec()
                .endSpec()
                .build();
        Container container = new ContainerBuilder()
                .withName("c")
                .withNewResources()
                .addToRequests("cpu", new Quantity("250m"))
                .addToLimits("memory", new Quantity("64Mi"))
                .endResources()
                .build();
        DownwardFields fields =
                new DownwardFields(pod, List.of("10.0.0.5"), List.of("192.0.2.1"), Map.of("cpu", new Quantity("2")));

        assertThat(fields.field("metadata.labels")).contains("a=\"1\"\nb=\"two\\\"\"");
        assertThat(fields.field("metadata.labels['a']")).contains("1");
        assertThat(fields.field("status.podIP")).contains("10.0.0.5");
        assertThat(fields.field("spec.nothing")).isEmpty();
        assertThat(fields.resource(container, "requests.cpu", null)).contains("1");
        assertThat(fields.resource(container, "requests.cpu", new Quantity("1m")))
                .contains("250");
        assertThat(fields.resource(container, "limits.cpu", null)).contains("2");
        assertThat(fields.resource(container, "limits.memory", new Quantity("1Mi")))
                .contains("64");
    }

    @Test
    void refusesASubPathThatLeadsOut() throws Exception {
        Path volume = Files.createDirectory(dir.resolve("volume"));
        Files.createSymbolicLink(volume.resolve("out"), Path.of("/etc"));
        SubPaths subPaths = new SubPaths(new VolumeFolders(dir.resolve("kubelet")));

        assertThatThrownBy(() -> subPaths.bind("u", "v", volume, "out/passwd", "c", 0))
                .hasMessageContaining("leads out of");
        assertThatThrownBy(() -> subPaths.bind("u", "v", volume, "../x", "c", 0))
                .hasMessageContaining("must be a relative path");
        assertThat(Mounts.below(dir)).isEmpty();
    }
}

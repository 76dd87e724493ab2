// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.volume;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.DownwardAPIVolumeFile;
import io.fabric8.kubernetes.api.model.KeyToPath;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ResourceFieldSelector;
import io.fabric8.kubernetes.api.model.Secret;
import io.mizzen.kubelet.control.SecretData;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What the files of ConfigMap, Secret and downward API volumes contain. Pure. */
final class Projection {
    private Projection() {}

    /** Something that a volume refers to is not as the volume says. */
    static final class Missing extends Exception {
        Missing(String message) {
            super(message);
        }
    }

    /** Files of a ConfigMap: all keys, or the listed ones. */
    static SortedMap<String, FileContent> ofConfigMap(
            ConfigMap map, List<KeyToPath> items, int defaultMode, boolean isOptional) throws Missing {
        Map<String, byte[]> data = new TreeMap<>();
        if (map.getData() != null) {
            map.getData().forEach((k, v) -> data.put(k, v.getBytes(StandardCharsets.UTF_8)));
        }
        if (map.getBinaryData() != null) {
            map.getBinaryData()
                    .forEach((k, v) -> data.put(k, Base64.getDecoder().decode(v)));
        }
        return of(data, items, defaultMode, isOptional, "configmap");
    }

    /** Files of a Secret: all keys, or the listed ones. */
    static SortedMap<String, FileContent> ofSecret(
            Secret secret, List<KeyToPath> items, int defaultMode, boolean isOptional) throws Missing {
        return of(SecretData.of(secret), items, defaultMode, isOptional, "secret");
    }

    private static SortedMap<String, FileContent> of(
            Map<String, byte[]> data, List<KeyToPath> items, int defaultMode, boolean isOptional, String kind)
            throws Missing {
        SortedMap<String, FileContent> files = new TreeMap<>();
        if (items.isEmpty()) {
            data.forEach((k, v) -> files.put(k, new FileContent(v, defaultMode)));
            return files;
        }
        for (KeyToPath item : items) {
            byte[] bytes = data.get(item.getKey());
            if (bytes == null) {
                if (isOptional) {
                    continue;
                }
                throw new Missing(kind + " references non-existent " + kind + " key: " + item.getKey());
            }
            files.put(checked(item.getPath()), new FileContent(bytes, modeOf(item.getMode(), defaultMode)));
        }
        return files;
    }

    /** Files of the downward API. */
    static SortedMap<String, FileContent> ofDownward(
            List<DownwardAPIVolumeFile> items, int defaultMode, Pod pod, DownwardFields fields) throws Missing {
        SortedMap<String, FileContent> files = new TreeMap<>();
        for (DownwardAPIVolumeFile item : items) {
            String value;
            if (item.getFieldRef() != null) {
                String path = item.getFieldRef().getFieldPath();
                value = fields.field(path).orElseThrow(() -> new Missing("unsupported fieldPath: " + path));
            } else {
                ResourceFieldSelector selector = item.getResourceFieldRef();
                Container container = Stream.concat(
                                pod.getSpec().getContainers().stream(), pod.getSpec().getInitContainers().stream())
                        .filter(c -> c.getName().equals(selector.getContainerName()))
                        .findFirst()
                        .orElseThrow(() -> new Missing("container " + selector.getContainerName() + " not found"));
                value = fields.resource(container, selector.getResource(), selector.getDivisor())
                        .orElseThrow(() -> new Missing("unsupported container resource : " + selector.getResource()));
            }
            files.put(
                    checked(item.getPath()),
                    new FileContent(value.getBytes(StandardCharsets.UTF_8), modeOf(item.getMode(), defaultMode)));
        }
        return files;
    }

    /** A path that stays inside its volume. */
    static String checked(String path) throws Missing {
        if (path.isEmpty() || path.startsWith("/") || List.of(path.split("/")).contains("..")) {
            throw new Missing("invalid path: " + path);
        }
        return path;
    }

    private static int modeOf(@Nullable Integer own, int defaultMode) {
        return own == null ? defaultMode : own;
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.plugin;

import io.fabric8.kubernetes.api.model.Container;
import io.mizzen.scheduler.framework.CycleState;
import io.mizzen.scheduler.framework.ExtensionPoint.PreScore;
import io.mizzen.scheduler.framework.ExtensionPoint.Score;
import io.mizzen.scheduler.framework.NodeInfo;
import io.mizzen.scheduler.framework.PodInfo;
import io.mizzen.scheduler.framework.Snapshot;
import io.mizzen.scheduler.framework.Status;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Prefers nodes that have the pod's images, more so for large ones that many nodes have: were only one node to have an image, all
 * its pods would go there.
 */
public final class ImageLocality implements PreScore, Score {
    private static final long MIN_THRESHOLD = 23L << 20;
    private static final long MAX_CONTAINER_THRESHOLD = 1000L << 20;

    private record Spread(Map<String, Double> shareByImage, List<String> images) implements CycleState.Data {}

    @Override
    public String name() {
        return "ImageLocality";
    }

    @Override
    public Status preScore(CycleState state, PodInfo pod, List<NodeInfo> nodes, Snapshot snapshot) {
        List<String> images = Stream.concat(
                        pod.pod().getSpec().getInitContainers().stream(), pod.pod().getSpec().getContainers().stream())
                .map(Container::getImage)
                .map(ImageLocality::withTag)
                .toList();
        Map<String, Double> shares = new HashMap<>();
        images.forEach(image -> shares.put(image, snapshot.nodesWithImage(image) / (double) snapshot.size()));
        state.put(new Spread(shares, images));
        return Status.success();
    }

    @Override
    public long score(CycleState state, PodInfo pod, NodeInfo node) {
        Spread spread = state.get(Spread.class);
        long sum = 0;
        for (String image : spread.images()) {
            Long size = node.imageSizes().get(image);
            if (size != null) {
                sum += (long) (size * spread.shareByImage().getOrDefault(image, 0.0));
            }
        }
        long max = MAX_CONTAINER_THRESHOLD * spread.images().size();
        long clamped = Math.clamp(sum, MIN_THRESHOLD, Math.max(max, MIN_THRESHOLD));
        return max <= MIN_THRESHOLD ? 0 : MAX_SCORE * (clamped - MIN_THRESHOLD) / (max - MIN_THRESHOLD);
    }

    private static String withTag(@org.jspecify.annotations.Nullable String image) {
        if (image == null) {
            return "";
        }
        return image.lastIndexOf(':') <= image.lastIndexOf('/') ? image + ":latest" : image;
    }
}

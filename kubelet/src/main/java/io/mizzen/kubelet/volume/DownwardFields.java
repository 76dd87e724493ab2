// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.volume;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.mizzen.kubelet.resource.ResourceFigures;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a pod may know of itself: the fields and resources of the downward API. Pure.
 *
 * <p>Resources without a limit fall back to the node's allocatable amount.
 */
public final class DownwardFields {
    private static final Pattern SUBSCRIPT = Pattern.compile("metadata\\.(labels|annotations)\\['([^']*)']");

    private final Pod pod;
    private final List<String> podIps;
    private final List<String> hostIps;
    private final Map<String, Quantity> allocatable;

    /**
     * @param pod the pod
     * @param podIps its addresses as far as known
     * @param hostIps addresses of the node
     * @param allocatable resources of the node
     */
    public DownwardFields(Pod pod, List<String> podIps, List<String> hostIps, Map<String, Quantity> allocatable) {
        this.pod = pod;
        this.podIps = List.copyOf(podIps);
        this.hostIps = List.copyOf(hostIps);
        this.allocatable = Map.copyOf(allocatable);
    }

    /** The value of a field; empty for a path that is not supported. */
    public Optional<String> field(String path) {
        ObjectMeta meta = pod.getMetadata();
        Matcher subscript = SUBSCRIPT.matcher(path);
        if (subscript.matches()) {
            Map<String, String> map = subscript.group(1).equals("labels") ? meta.getLabels() : meta.getAnnotations();
            return Optional.of(map == null ? "" : map.getOrDefault(subscript.group(2), ""));
        }
        return switch (path) {
            case "metadata.name" -> Optional.of(meta.getName());
            case "metadata.namespace" -> Optional.of(meta.getNamespace());
            case "metadata.uid" -> Optional.of(meta.getUid());
            case "metadata.labels" -> Optional.of(lines(meta.getLabels()));
            case "metadata.annotations" -> Optional.of(lines(meta.getAnnotations()));
            case "spec.nodeName" -> Optional.of(orEmpty(pod.getSpec().getNodeName()));
            case "spec.serviceAccountName" -> Optional.of(orEmpty(pod.getSpec().getServiceAccountName()));
            case "status.hostIP" -> Optional.of(hostIps.isEmpty() ? "" : hostIps.getFirst());
            case "status.hostIPs" -> Optional.of(String.join(",", hostIps));
            case "status.podIP" -> Optional.of(podIps.isEmpty() ? "" : podIps.getFirst());
            case "status.podIPs" -> Optional.of(String.join(",", podIps));
            default -> Optional.empty();
        };
    }

    /**
     * The value of a resource of a container, in units of the divisor, rounded up.
     *
     * @param container whose resources they are
     * @param resource e.g. {@code limits.cpu}
     * @param divisor null or zero for one core, one byte
     * @return empty for a resource that is not supported
     */
    public Optional<String> resource(Container container, String resource, @Nullable Quantity divisor) {
        int dot = resource.indexOf('.');
        if (dot < 0) {
            return Optional.empty();
        }
        String name = resource.substring(dot + 1);
        Map<String, Quantity> requests = orEmpty(container).getRequests();
        Map<String, Quantity> limits = orEmpty(container).getLimits();
        BigDecimal amount;
        switch (resource.substring(0, dot)) {
            case "requests" -> amount = ResourceFigures.amount(requests, name);
            case "limits" -> {
                amount = ResourceFigures.amount(limits, name);
                if (amount.signum() == 0) {
                    amount = ResourceFigures.amount(allocatable, name);
                }
            }
            default -> {
                return Optional.empty();
            }
        }
        BigDecimal unit = divisor == null ? BigDecimal.ZERO : divisor.getNumericalAmount();
        if (unit.signum() == 0) {
            unit = BigDecimal.ONE;
        }
        return Optional.of(amount.divide(unit, 0, RoundingMode.CEILING).toPlainString());
    }

    private static ResourceRequirements orEmpty(Container container) {
        return container.getResources() == null ? new ResourceRequirements() : container.getResources();
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    private static String lines(@Nullable Map<String, String> map) {
        if (map == null) {
            return "";
        }
        return new TreeMap<>(map)
                .entrySet().stream()
                        .map(e -> e.getKey() + "=" + quoted(e.getValue()))
                        .collect(Collectors.joining("\n"));
    }

    private static String quoted(String value) {
        StringBuilder out = new StringBuilder("\"");
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\t' -> out.append("\\t");
                case '\r' -> out.append("\\r");
                default -> out.append(c);
            }
        }
        return out.append('"').toString();
    }
}

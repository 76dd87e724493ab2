// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.endpoint;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodIP;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.mizzen.client.LabelSelectors;
import io.mizzen.controller.condition.Timestamps;
import io.mizzen.controller.pod.Pods;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Which pods answer for a Service, where, and on which ports. Pure. */
final class EndpointRules {

    static final String TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time";
    static final String HEADLESS = "service.kubernetes.io/headless";

    private EndpointRules() {}

    /** A port as an endpoint offers it. */
    record Port(
            String name,
            String protocol,
            @Nullable Integer number,
            @Nullable String appProtocol) implements Comparable<Port> {
        private static final Comparator<Port> ORDER = Comparator.comparing(Port::name)
                .thenComparing(Port::protocol)
                .thenComparing(port -> port.number() == null ? -1 : port.number());

        @Override
        public int compareTo(Port other) {
            return ORDER.compare(this, other);
        }
    }

    /** Whether the controllers care for a Service: one without selector is its owner's to fill. */
    static boolean isManaged(Service service) {
        Map<String, String> selector = service.getSpec().getSelector();
        return selector != null
                && !selector.isEmpty()
                && !"ExternalName".equals(service.getSpec().getType());
    }

    static boolean selects(Service service, Map<String, String> labels) {
        return isManaged(service) && LabelSelectors.matchesAll(service.getSpec().getSelector(), labels);
    }

    static boolean publishesNotReady(Service service) {
        return Boolean.TRUE.equals(service.getSpec().getPublishNotReadyAddresses());
    }

    static boolean isHeadless(Service service) {
        return "None".equals(service.getSpec().getClusterIP());
    }

    /** Whether a pod has an address that may be given out at all. */
    static boolean hasEndpoint(Pod pod, boolean withTerminating) {
        return !Pods.isTerminal(pod) && !addresses(pod).isEmpty() && (withTerminating || !Pods.isTerminating(pod));
    }

    /** All addresses of a pod, the primary one first. */
    static List<String> addresses(Pod pod) {
        if (pod.getStatus() == null) {
            return List.of();
        }
        List<String> addresses = new ArrayList<>();
        if (pod.getStatus().getPodIPs() != null) {
            for (PodIP ip : pod.getStatus().getPodIPs()) {
                if (ip.getIp() != null && !ip.getIp().isEmpty()) {
                    addresses.add(ip.getIp());
                }
            }
        }
        String primary = pod.getStatus().getPodIP();
        if (addresses.isEmpty() && primary != null && !primary.isEmpty()) {
            addresses.add(primary);
        }
        return addresses;
    }

    /** The address of a pod in a family; empty when it has none there. */
    static Optional<String> address(Pod pod, boolean v6) {
        return addresses(pod).stream().filter(ip -> ip.contains(":") == v6).findFirst();
    }

    /** The ports a pod offers for a Service; one whose name the pod does not know is left out. */
    static List<Port> ports(Service service, Pod pod) {
        List<Port> ports = new ArrayList<>();
        List<ServicePort> wanted = service.getSpec().getPorts() == null
                ? List.of()
                : service.getSpec().getPorts();
        for (ServicePort port : wanted) {
            String protocol = port.getProtocol() == null ? "TCP" : port.getProtocol();
            number(port, protocol, pod)
                    .ifPresent(number -> ports.add(new Port(
                            port.getName() == null ? "" : port.getName(), protocol, number, port.getAppProtocol())));
        }
        ports.sort(null);
        return ports;
    }

    /** The host name by which DNS knows a pod of this Service; null when it has none. */
    static @Nullable String hostname(Service service, Pod pod) {
        String hostname = pod.getSpec() == null ? null : pod.getSpec().getHostname();
        boolean ours = hostname != null
                && !hostname.isEmpty()
                && service.getMetadata().getName().equals(pod.getSpec().getSubdomain());
        return ours ? hostname : null;
    }

    static ObjectReference reference(Pod pod) {
        return new ObjectReferenceBuilder()
                .withKind("Pod")
                .withNamespace(pod.getMetadata().getNamespace())
                .withName(pod.getMetadata().getName())
                .withUid(pod.getMetadata().getUid())
                .build();
    }

    /** The labels that both kinds take over from the Service. */
    static Map<String, String> labels(Service service) {
        Map<String, String> labels = new LinkedHashMap<>();
        if (service.getMetadata().getLabels() != null) {
            labels.putAll(service.getMetadata().getLabels());
        }
        labels.remove(HEADLESS);
        if (isHeadless(service)) {
            labels.put(HEADLESS, "");
        }
        return labels;
    }

    /** The newest readiness change among pods, which is what an endpoint change answers to. */
    static Optional<String> triggerTime(List<Pod> pods) {
        return pods.stream()
                .flatMap(pod -> Pods.condition(pod, "Ready").stream())
                .flatMap(c -> Timestamps.parse(c.getLastTransitionTime()).stream())
                .max(Comparator.naturalOrder())
                .map(Instant::toString);
    }

    /** What of a pod these controllers look at, so that other changes need not wake them. */
    static List<Object> fingerprint(Pod pod) {
        List<Object> print = new ArrayList<>();
        print.add(addresses(pod));
        print.add(Pods.isReady(pod));
        print.add(Pods.isTerminal(pod));
        print.add(Pods.isTerminating(pod));
        print.add(Pods.node(pod));
        print.add(
                pod.getMetadata().getLabels() == null
                        ? Map.of()
                        : pod.getMetadata().getLabels());
        print.add(String.valueOf(pod.getMetadata().getUid()));
        return print;
    }

    private static Optional<Integer> number(ServicePort port, String protocol, Pod pod) {
        IntOrString target = port.getTargetPort();
        if (target == null || (target.getIntVal() == null && isEmpty(target.getStrVal()))) {
            return Optional.ofNullable(port.getPort());
        }
        if (target.getIntVal() != null) {
            return Optional.of(target.getIntVal() == 0 ? port.getPort() : target.getIntVal());
        }
        return named(pod, target.getStrVal(), protocol);
    }

    private static Optional<Integer> named(Pod pod, String name, String protocol) {
        List<Container> containers = new ArrayList<>(pod.getSpec().getContainers());
        if (pod.getSpec().getInitContainers() != null) {
            pod.getSpec().getInitContainers().stream()
                    .filter(container -> "Always".equals(container.getRestartPolicy()))
                    .forEach(containers::add);
        }
        for (Container container : containers) {
            List<ContainerPort> ports = container.getPorts() == null ? List.of() : container.getPorts();
            for (ContainerPort port : ports) {
                String offered = port.getProtocol() == null ? "TCP" : port.getProtocol();
                if (name.equals(port.getName()) && protocol.equals(offered)) {
                    return Optional.ofNullable(port.getContainerPort());
                }
            }
        }
        return Optional.empty();
    }

    private static boolean isEmpty(@Nullable String text) {
        return text == null || text.isEmpty();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.server;

import java.util.List;
import java.util.Optional;

/** What a request to the node asks for. Parsing is pure. */
public sealed interface KubeletRoute {
    /** Subresources of {@code nodes} of which one must be allowed, finer first. */
    List<String> subresources();

    /** Whether the kubelet serves. */
    record Health() implements KubeletRoute {
        @Override
        public List<String> subresources() {
            return List.of("healthz", "proxy");
        }
    }

    /** The pods of the node. */
    record Pods() implements KubeletRoute {
        @Override
        public List<String> subresources() {
            return List.of("pods", "proxy");
        }
    }

    /** Usage as JSON. */
    record Summary() implements KubeletRoute {
        @Override
        public List<String> subresources() {
            return List.of("stats");
        }
    }

    /** Metrics as text. */
    record Metrics(Subject subject) implements KubeletRoute {
        /** Of the kubelet itself, of what pods use in short or at length, of probes. */
        enum Subject {
            OWN,
            RESOURCE,
            CADVISOR,
            PROBES
        }

        @Override
        public List<String> subresources() {
            return List.of("metrics");
        }
    }

    /** A container's log. */
    record Logs(String namespace, String pod, String container) implements KubeletRoute {
        @Override
        public List<String> subresources() {
            return List.of("proxy");
        }
    }

    /** A stream into a container, or to ports of a pod. */
    record Stream(Kind kind, String namespace, String pod, Optional<String> uid, String container)
            implements KubeletRoute {
        @Override
        public List<String> subresources() {
            return List.of("proxy");
        }

        /** Which stream. */
        enum Kind {
            EXEC,
            ATTACH,
            PORT_FORWARD
        }
    }

    /** Reads a path; empty for one that is not served. */
    static Optional<KubeletRoute> parse(String path) {
        List<String> parts = java.util.stream.Stream.of(path.split("/"))
                .filter(p -> !p.isEmpty())
                .toList();
        if (parts.isEmpty()) {
            return Optional.empty();
        }
        int n = parts.size();
        return switch (parts.getFirst()) {
            case "healthz" -> Optional.of(new Health());
            case "pods" -> n == 1 ? Optional.of(new Pods()) : Optional.empty();
            case "stats" -> n == 2 && parts.get(1).equals("summary") ? Optional.of(new Summary()) : Optional.empty();
            case "metrics" -> metrics(parts);
            case "containerLogs" ->
                n == 4 ? Optional.of(new Logs(parts.get(1), parts.get(2), parts.get(3))) : Optional.empty();
            case "exec" -> container(Stream.Kind.EXEC, parts);
            case "attach" -> container(Stream.Kind.ATTACH, parts);
            case "portForward" ->
                n == 3 || n == 4
                        ? Optional.of(new Stream(
                                Stream.Kind.PORT_FORWARD,
                                parts.get(1),
                                parts.get(2),
                                n == 4 ? Optional.of(parts.get(3)) : Optional.empty(),
                                ""))
                        : Optional.empty();
            default -> Optional.empty();
        };
    }

    private static Optional<KubeletRoute> metrics(List<String> parts) {
        if (parts.size() == 1) {
            return Optional.of(new Metrics(Metrics.Subject.OWN));
        }
        return switch (parts.size() == 2 ? parts.get(1) : "") {
            case "resource" -> Optional.of(new Metrics(Metrics.Subject.RESOURCE));
            case "cadvisor" -> Optional.of(new Metrics(Metrics.Subject.CADVISOR));
            case "probes" -> Optional.of(new Metrics(Metrics.Subject.PROBES));
            default -> Optional.empty();
        };
    }

    private static Optional<KubeletRoute> container(Stream.Kind kind, List<String> parts) {
        return switch (parts.size()) {
            case 4 -> Optional.of(new Stream(kind, parts.get(1), parts.get(2), Optional.empty(), parts.get(3)));
            case 5 ->
                Optional.of(new Stream(kind, parts.get(1), parts.get(2), Optional.of(parts.get(3)), parts.get(4)));
            default -> Optional.empty();
        };
    }
}

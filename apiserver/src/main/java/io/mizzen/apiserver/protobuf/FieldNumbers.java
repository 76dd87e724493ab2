// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.protobuf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.mizzen.api.catalog.Catalog;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The protobuf field numbers of the built-in definitions, read from the catalogue's data on first use. Immutable. */
final class FieldNumbers {
    /** Scalars that are pointers in Go, by field name: their zero is a value and not an absence. */
    private static final Set<String> POINTERS = Set.of(
            "replicas",
            "revisionHistoryLimit",
            "progressDeadlineSeconds",
            "parallelism",
            "completions",
            "backoffLimit",
            "backoffLimitPerIndex",
            "maxFailedIndexes",
            "activeDeadlineSeconds",
            "ttlSecondsAfterFinished",
            "terminationGracePeriodSeconds",
            "startingDeadlineSeconds",
            "successfulJobsHistoryLimit",
            "failedJobsHistoryLimit",
            "gracePeriodSeconds",
            "deletionGracePeriodSeconds",
            "suspend",
            "manualSelector",
            "automountServiceAccountToken",
            "shareProcessNamespace",
            "enableServiceLinks",
            "setHostnameAsFQDN",
            "hostUsers",
            "priority",
            "immutable",
            "optional",
            "privileged",
            "runAsUser",
            "runAsGroup",
            "runAsNonRoot",
            "fsGroup",
            "readOnlyRootFilesystem",
            "allowPrivilegeEscalation",
            "controller",
            "blockOwnerDeletion",
            "orphanDependents",
            "tolerationSeconds",
            "defaultMode",
            "mode",
            "expirationSeconds",
            "partition",
            "minReplicas",
            "ready",
            "serving",
            "terminating",
            "started",
            "allocateLoadBalancerNodePorts",
            "allowVolumeExpansion",
            "stabilizationWindowSeconds",
            "leaseDurationSeconds",
            "leaseTransitions",
            "port",
            "minAvailable",
            "maxUnavailable");
    /** Fields of those names that are plain all the same. */
    private static final Set<String> PLAIN = Set.of(
            "io.k8s.api.core.v1.ContainerStatus.ready",
            "io.k8s.api.core.v1.ServicePort.port",
            "io.k8s.api.core.v1.EndpointPort.port",
            "io.k8s.api.apps.v1.ReplicaSetStatus.replicas",
            "io.k8s.api.apps.v1.DeploymentStatus.replicas",
            "io.k8s.api.apps.v1.StatefulSetStatus.replicas",
            "io.k8s.api.core.v1.ReplicationControllerStatus.replicas",
            "io.k8s.api.batch.v1.JobStatus.terminating");

    private final Map<String, Message> messages = new HashMap<>();

    /** The fields of a message and the structs inlined in it, by number. */
    static final class Message {
        private final Map<Integer, String> fields = new HashMap<>();
        private final Map<Integer, Message> inlined = new HashMap<>();

        private void put(String name, String path) {
            int dot = path.indexOf('.');
            if (dot < 0) {
                fields.put(Integer.parseInt(path), name);
            } else {
                int first = Integer.parseInt(path.substring(0, dot));
                inlined.computeIfAbsent(first, number -> new Message()).put(name, path.substring(dot + 1));
            }
        }

        @Nullable
        String field(int number) {
            return fields.get(number);
        }

        @Nullable
        Message inlined(int number) {
            return inlined.get(number);
        }
    }

    private static final class Holder {
        static final FieldNumbers INSTANCE = new FieldNumbers();
    }

    static FieldNumbers builtIn() {
        return Holder.INSTANCE;
    }

    private FieldNumbers() {
        try (InputStream in = Objects.requireNonNull(Catalog.class.getResourceAsStream("protobuf.json"))) {
            for (Map.Entry<String, JsonNode> definition :
                    new ObjectMapper().readTree(in).properties()) {
                Message message = new Message();
                definition
                        .getValue()
                        .properties()
                        .forEach(field ->
                                message.put(field.getKey(), field.getValue().asText()));
                messages.put(definition.getKey(), message);
            }
        } catch (IOException broken) {
            throw new UncheckedIOException("the protobuf field numbers cannot be read", broken);
        }
    }

    boolean knows(String definition) {
        return messages.containsKey(definition);
    }

    /** The fields of a definition; empty when it has none. */
    Message of(String definition) {
        return messages.getOrDefault(definition, new Message());
    }

    boolean keepsZero(String definition, String field) {
        return POINTERS.contains(field) && !PLAIN.contains(definition + "." + field);
    }
}

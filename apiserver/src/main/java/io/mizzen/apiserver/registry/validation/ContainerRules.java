// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry.validation;

import static io.mizzen.apiserver.registry.validation.Values.reasons;
import static io.mizzen.apiserver.schema.FieldErrors.at;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.api.meta.Names;
import io.mizzen.api.quantity.Quantity;
import io.mizzen.apiserver.schema.FieldErrors;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Rules about the containers of a pod. */
final class ContainerRules {
    private static final List<String> HANDLERS = List.of("exec", "httpGet", "tcpSocket", "grpc");
    private static final Set<String> FIELDS = Set.of(
            "metadata.name",
            "metadata.namespace",
            "metadata.uid",
            "spec.nodeName",
            "spec.serviceAccountName",
            "status.hostIP",
            "status.hostIPs",
            "status.podIP",
            "status.podIPs");
    private static final Pattern ENVIRONMENT_NAME = Pattern.compile("[ -<>-~]+");
    private static final Set<String> CONTAINER_RESOURCES = Set.of("cpu", "memory", "ephemeral-storage");

    private final FieldErrors errors;
    private final JsonNode spec;
    private final Set<String> volumes;
    private final Set<String> names = new HashSet<>();
    private final Set<String> hostPorts = new HashSet<>();

    ContainerRules(FieldErrors errors, JsonNode spec, Set<String> volumes) {
        this.errors = errors;
        this.spec = spec;
        this.volumes = volumes;
    }

    void check(String specPath) {
        String path = at(specPath, "containers");
        if (spec.path("containers").isEmpty()) {
            errors.required(path, "");
        }
        int index = 0;
        for (JsonNode container : spec.path("containers")) {
            container(at(path, index++), container);
        }
        index = 0;
        for (JsonNode container : spec.path("initContainers")) {
            String own = at(at(specPath, "initContainers"), index++);
            container(own, container);
            if (!container.path("restartPolicy").asText("").equals("Always")) {
                for (String field : List.of("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")) {
                    if (container.path(field).isObject()) {
                        errors.forbidden(
                                at(own, field), "may not be set for init containers without restartPolicy=Always");
                    }
                }
            }
        }
    }

    private void container(String path, JsonNode container) {
        JsonNode name = container.path("name");
        if (Values.required(errors, at(path, "name"), name)) {
            reasons(errors, at(path, "name"), name.asText(), Names.labelErrors(name.asText()));
            if (!names.add(name.asText())) {
                errors.duplicate(at(path, "name"), name);
            }
        }
        String image = container.path("image").asText("");
        if (image.isEmpty()) {
            errors.required(at(path, "image"), "");
        } else if (!image.equals(image.strip())) {
            errors.invalid(at(path, "image"), image, "must not have leading or trailing whitespace");
        }
        Values.oneOf(
                errors,
                at(path, "imagePullPolicy"),
                container.path("imagePullPolicy"),
                List.of("Always", "IfNotPresent", "Never"));
        Values.oneOf(
                errors,
                at(path, "terminationMessagePolicy"),
                container.path("terminationMessagePolicy"),
                List.of("FallbackToLogsOnError", "File"));
        ports(at(path, "ports"), container.path("ports"));
        environment(path, container);
        mounts(at(path, "volumeMounts"), container);
        resources(errors, at(path, "resources"), container.path("resources"));
        probe(at(path, "livenessProbe"), container.path("livenessProbe"), true);
        probe(at(path, "readinessProbe"), container.path("readinessProbe"), false);
        probe(at(path, "startupProbe"), container.path("startupProbe"), true);
        hook(at(path, "lifecycle.postStart"), container.path("lifecycle").path("postStart"));
        hook(at(path, "lifecycle.preStop"), container.path("lifecycle").path("preStop"));
        security(at(path, "securityContext"), container.path("securityContext"));
    }

    private void ports(String path, JsonNode ports) {
        Set<String> portNames = new HashSet<>();
        boolean hostNetwork = spec.path("hostNetwork").asBoolean(false);
        int index = 0;
        for (JsonNode port : ports) {
            String own = at(path, index++);
            String name = port.path("name").asText("");
            if (!name.isEmpty()) {
                Values.portName(errors, at(own, "name"), name);
                if (!portNames.add(name)) {
                    errors.duplicate(at(own, "name"), name);
                }
            }
            long number = port.path("containerPort").asLong(0);
            if (number == 0) {
                errors.required(at(own, "containerPort"), "");
            } else {
                Values.port(errors, at(own, "containerPort"), port.path("containerPort"));
            }
            long hostPort = port.path("hostPort").asLong(0);
            String protocol = port.path("protocol").asText("TCP");
            if (hostPort != 0) {
                Values.port(errors, at(own, "hostPort"), port.path("hostPort"));
                String use = protocol + "/" + port.path("hostIP").asText("") + "/" + hostPort;
                if (!hostPorts.add(use)) {
                    errors.duplicate(at(own, "hostPort"), use);
                }
                if (hostNetwork && hostPort != number) {
                    errors.invalid(
                            at(own, "hostPort"), hostPort, "must match `containerPort` when `hostNetwork` is true");
                }
            }
            Values.oneOf(errors, at(own, "protocol"), port.path("protocol"), Values.PROTOCOLS);
        }
    }

    private void environment(String path, JsonNode container) {
        int index = 0;
        for (JsonNode variable : container.path("env")) {
            String own = at(at(path, "env"), index++);
            variableName(at(own, "name"), variable.path("name").asText(""));
            JsonNode source = variable.path("valueFrom");
            if (source.isObject()) {
                source(at(own, "valueFrom"), variable, source);
            }
        }
        index = 0;
        for (JsonNode all : container.path("envFrom")) {
            String own = at(at(path, "envFrom"), index++);
            boolean map = all.path("configMapRef").isObject();
            boolean secret = all.path("secretRef").isObject();
            if (map && secret) {
                errors.invalid(own, "", "may not have more than one field specified at a time");
            } else if (!map && !secret) {
                errors.invalid(own, "", "must specify one of: `configMapRef` or `secretRef`");
            } else {
                String ref = map ? "configMapRef" : "secretRef";
                Values.required(errors, at(at(own, ref), "name"), all.path(ref).path("name"));
            }
        }
    }

    private void variableName(String path, String name) {
        if (name.isEmpty()) {
            errors.required(path, "");
        } else if (!ENVIRONMENT_NAME.matcher(name).matches()) {
            errors.invalid(
                    path,
                    name,
                    "a valid environment variable name must consist only of printable ASCII characters other than '='");
        }
    }

    private void source(String path, JsonNode variable, JsonNode source) {
        int given = 0;
        for (String field : List.of("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")) {
            given += source.path(field).isObject() ? 1 : 0;
        }
        for (String field : List.of("configMapKeyRef", "secretKeyRef")) {
            if (source.path(field).isObject()) {
                Values.required(
                        errors, at(at(path, field), "name"), source.path(field).path("name"));
                JsonNode key = source.path(field).path("key");
                if (Values.required(errors, at(at(path, field), "key"), key)) {
                    reasons(errors, at(at(path, field), "key"), key.asText(), Names.configKeyErrors(key.asText()));
                }
            }
        }
        JsonNode fieldPath = source.path("fieldRef").path("fieldPath");
        if (source.path("fieldRef").isObject() && Values.required(errors, at(path, "fieldRef.fieldPath"), fieldPath)) {
            fieldPath(at(path, "fieldRef.fieldPath"), fieldPath.asText());
        }
        if (given == 0) {
            errors.invalid(
                    path,
                    "",
                    "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`");
        } else if (!variable.path("value").asText("").isEmpty()) {
            errors.invalid(path, "", "may not be specified when `value` is not empty");
        } else if (given > 1) {
            errors.invalid(path, "", "may not have more than one field specified at a time");
        }
    }

    private void fieldPath(String path, String field) {
        if (field.matches("metadata\\.(labels|annotations)\\['.+'\\]") || FIELDS.contains(field)) {
            return;
        }
        if (Set.of("metadata.labels", "metadata.annotations", "status.phase", "spec.restartPolicy")
                .contains(field)) {
            errors.notSupported(path, field, FIELDS.stream().sorted().toList());
        } else {
            errors.invalid(path, field, "error converting fieldPath: field label not supported: " + field);
        }
    }

    private void mounts(String path, JsonNode container) {
        Set<String> places = new HashSet<>();
        int index = 0;
        for (JsonNode mount : container.path("volumeMounts")) {
            String own = at(path, index++);
            JsonNode name = mount.path("name");
            if (Values.required(errors, at(own, "name"), name) && !volumes.contains(name.asText())) {
                errors.notFound(at(own, "name"), name);
            }
            JsonNode place = mount.path("mountPath");
            if (Values.required(errors, at(own, "mountPath"), place) && !places.add(place.asText())) {
                errors.invalid(at(own, "mountPath"), place, "must be unique");
            }
            relative(errors, at(own, "subPath"), mount.path("subPath").asText(""));
            relative(errors, at(own, "subPathExpr"), mount.path("subPathExpr").asText(""));
            if (mount.path("mountPropagation").asText("").equals("Bidirectional")
                    && !container.path("securityContext").path("privileged").asBoolean(false)) {
                errors.forbidden(
                        at(own, "mountPropagation"),
                        "Bidirectional mount propagation is available only to privileged containers");
            }
        }
    }

    /** A path below a volume. */
    static void relative(FieldErrors errors, String path, String value) {
        if (value.startsWith("/")) {
            errors.invalid(path, value, "must be a relative path");
        }
        if (List.of(value.split("/")).contains("..")) {
            errors.invalid(path, value, "must not contain '..'");
        }
    }

    /** Requests and limits, of a container or a whole pod. */
    static void resources(FieldErrors errors, String path, JsonNode resources) {
        JsonNode limits = resources.path("limits");
        JsonNode requests = resources.path("requests");
        amounts(errors, at(path, "limits"), limits);
        amounts(errors, at(path, "requests"), requests);
        for (Map.Entry<String, JsonNode> entry : requests.properties()) {
            String name = entry.getKey();
            Quantity request = Values.quantity(entry.getValue());
            Quantity limit = Values.quantity(limits.path(name));
            boolean overcommits = CONTAINER_RESOURCES.contains(name);
            if (limit == null && !overcommits) {
                errors.required(at(path, "limits"), "Limit must be set for non overcommitable resources");
            } else if (request != null && limit != null && !overcommits && request.compareTo(limit) != 0) {
                errors.invalid(
                        at(path, "requests"), entry.getValue(), "must be equal to " + name + " limit of " + limit);
            } else if (request != null && limit != null && request.compareTo(limit) > 0) {
                errors.invalid(
                        at(path, "requests"),
                        entry.getValue(),
                        "must be less than or equal to " + name + " limit of " + limit);
            }
        }
    }

    private static void amounts(FieldErrors errors, String path, JsonNode amounts) {
        for (Map.Entry<String, JsonNode> entry : amounts.properties()) {
            String name = entry.getKey();
            String own = FieldErrors.atKey(path, name);
            Quantity amount = Values.quantity(entry.getValue());
            if (!name.contains("/") && !CONTAINER_RESOURCES.contains(name) && !name.startsWith("hugepages-")) {
                errors.invalid(own, name, "must be a standard resource type or fully qualified");
                errors.invalid(own, name, "must be a standard resource for containers");
            }
            if (amount != null && amount.compareTo(Quantity.ZERO) < 0) {
                errors.invalid(own, entry.getValue(), Values.NOT_NEGATIVE);
            }
            if (amount != null
                    && name.contains("/")
                    && amount.value().stripTrailingZeros().scale() > 0) {
                errors.invalid(own, entry.getValue(), "must be an integer");
            }
        }
    }

    private void probe(String path, JsonNode probe, boolean ends) {
        if (!probe.isObject()) {
            return;
        }
        handler(path, probe, HANDLERS);
        Values.notNegative(
                errors,
                path,
                probe,
                "initialDelaySeconds",
                "timeoutSeconds",
                "periodSeconds",
                "successThreshold",
                "failureThreshold");
        JsonNode grace = probe.path("terminationGracePeriodSeconds");
        if (grace.isNumber()) {
            if (!ends) {
                errors.invalid(at(path, "terminationGracePeriodSeconds"), grace, "must not be set for readinessProbes");
            } else if (grace.asLong() <= 0) {
                errors.invalid(at(path, "terminationGracePeriodSeconds"), grace, "must be greater than 0");
            }
        }
        if (ends && probe.path("successThreshold").asLong(1) != 1) {
            errors.invalid(at(path, "successThreshold"), probe.path("successThreshold"), "must be 1");
        }
    }

    private void hook(String path, JsonNode hook) {
        if (hook.isObject()) {
            handler(path, hook, List.of("exec", "httpGet", "tcpSocket", "sleep"));
        }
    }

    private void handler(String path, JsonNode node, List<String> kinds) {
        int given = 0;
        for (String kind : kinds) {
            if (!node.path(kind).isObject()) {
                continue;
            }
            String own = at(path, kind);
            if (++given > 1) {
                errors.forbidden(own, "may not specify more than 1 handler type");
                continue;
            }
            JsonNode handler = node.path(kind);
            switch (kind) {
                case "exec" -> {
                    if (handler.path("command").isEmpty()) {
                        errors.required(at(own, "command"), "");
                    }
                }
                case "httpGet" -> {
                    Values.required(errors, at(own, "path"), handler.path("path"));
                    Values.portOrName(errors, at(own, "port"), handler.path("port"));
                    Values.oneOf(errors, at(own, "scheme"), handler.path("scheme"), List.of("HTTP", "HTTPS"));
                }
                case "sleep" -> Values.notNegative(errors, at(own, "seconds"), handler.path("seconds"));
                default -> Values.portOrName(errors, at(own, "port"), handler.path("port"));
            }
        }
        if (given == 0) {
            errors.required(path, "must specify a handler type");
        }
    }

    private void security(String path, JsonNode context) {
        SecurityRules.ids(errors, path, context);
        boolean mayNotEscalate = context.path("allowPrivilegeEscalation").isBoolean()
                && !context.path("allowPrivilegeEscalation").booleanValue();
        if (mayNotEscalate && context.path("privileged").asBoolean(false)) {
            errors.invalid(path, context, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
        }
    }
}

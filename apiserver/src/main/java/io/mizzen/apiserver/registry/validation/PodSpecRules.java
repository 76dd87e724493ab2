// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry.validation;

import static io.mizzen.apiserver.registry.validation.Values.reasons;
import static io.mizzen.apiserver.schema.FieldErrors.at;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.api.meta.Names;
import io.mizzen.apiserver.schema.FieldErrors;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Rules about the spec of a pod or of a template. */
final class PodSpecRules {
    private static final int MODE_MAX = 0777;
    private static final int TEN_MINUTES = 600;

    private final FieldErrors errors;
    private final JsonNode spec;
    private final String path;

    private PodSpecRules(FieldErrors errors, JsonNode spec, String path) {
        this.errors = errors;
        this.spec = spec;
        this.path = path;
    }

    static void check(FieldErrors errors, JsonNode spec, String path) {
        check(errors, spec, path, Set.of());
    }

    /** The same where the pod will get further volumes of these names. */
    static void check(FieldErrors errors, JsonNode spec, String path, Set<String> furtherVolumes) {
        PodSpecRules rules = new PodSpecRules(errors, spec, path);
        Set<String> volumes = rules.volumes();
        volumes.addAll(furtherVolumes);
        new ContainerRules(errors, spec, volumes).check(path);
        rules.plainFields();
        rules.dns();
        new SchedulingRules(errors, spec, path).check();
    }

    private void plainFields() {
        Values.requiredOneOf(
                errors, at(path, "restartPolicy"), spec.path("restartPolicy"), List.of("Always", "OnFailure", "Never"));
        JsonNode deadline = spec.path("activeDeadlineSeconds");
        if (deadline.isNumber() && (deadline.asLong() < 1 || deadline.asLong() > Integer.MAX_VALUE)) {
            errors.invalid(at(path, "activeDeadlineSeconds"), deadline, "must be between 1 and 2147483647, inclusive");
        }
        Values.labels(errors, at(path, "nodeSelector"), spec.path("nodeSelector"));
        for (String field : List.of("hostname", "subdomain")) {
            String text = spec.path(field).asText("");
            if (!text.isEmpty()) {
                reasons(errors, at(path, field), text, Names.labelErrors(text));
            }
        }
        for (String field : List.of("serviceAccountName", "nodeName", "priorityClassName", "runtimeClassName")) {
            String text = spec.path(field).asText("");
            if (!text.isEmpty()) {
                reasons(errors, at(path, field), text, Names.subdomainErrors(text));
            }
        }
        Values.oneOf(
                errors,
                at(path, "preemptionPolicy"),
                spec.path("preemptionPolicy"),
                List.of("PreemptLowerPriority", "Never"));
        SecurityRules.ids(errors, at(path, "securityContext"), spec.path("securityContext"));
        if (spec.path("resources").isObject()) {
            ContainerRules.resources(errors, at(path, "resources"), spec.path("resources"));
        }
    }

    private void dns() {
        String policy = spec.path("dnsPolicy").asText("");
        Values.oneOf(
                errors,
                at(path, "dnsPolicy"),
                spec.path("dnsPolicy"),
                List.of("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"));
        JsonNode servers = spec.path("dnsConfig").path("nameservers");
        if (policy.equals("None") && servers.isEmpty()) {
            errors.required(
                    at(path, "dnsConfig.nameservers"),
                    "must provide at least one DNS nameserver when `dnsPolicy` is None");
        }
        if (servers.size() > 3) {
            errors.invalid(at(path, "dnsConfig.nameservers"), servers, "must not have more than 3 nameservers");
        }
    }

    private Set<String> volumes() {
        Set<String> names = new HashSet<>();
        int index = 0;
        for (JsonNode volume : spec.path("volumes")) {
            String own = at(at(path, "volumes"), index++);
            JsonNode name = volume.path("name");
            if (Values.required(errors, at(own, "name"), name)) {
                reasons(errors, at(own, "name"), name.asText(), Names.labelErrors(name.asText()));
                if (!names.add(name.asText())) {
                    errors.duplicate(at(own, "name"), name);
                }
            }
            sources(own, volume);
        }
        return names;
    }

    private void sources(String own, JsonNode volume) {
        int given = 0;
        for (Map.Entry<String, JsonNode> entry : volume.properties()) {
            if (entry.getKey().equals("name") || !entry.getValue().isObject()) {
                continue;
            }
            if (++given > 1) {
                errors.forbidden(at(own, entry.getKey()), "may not specify more than 1 volume type");
            } else {
                source(at(own, entry.getKey()), entry.getKey(), entry.getValue());
            }
        }
        if (given == 0) {
            errors.required(own, "must specify a volume type");
        }
    }

    private void source(String own, String type, JsonNode source) {
        mode(at(own, "defaultMode"), source.path("defaultMode"));
        switch (type) {
            case "hostPath" -> {
                if (Values.required(errors, at(own, "path"), source.path("path"))
                        && List.of(source.path("path").asText().split("/")).contains("..")) {
                    errors.invalid(at(own, "path"), source.path("path"), "must not contain '..'");
                }
                Values.oneOf(
                        errors,
                        at(own, "type"),
                        source.path("type"),
                        List.of(
                                "",
                                "BlockDevice",
                                "CharDevice",
                                "Directory",
                                "DirectoryOrCreate",
                                "File",
                                "FileOrCreate",
                                "Socket"));
            }
            case "secret" -> {
                Values.required(errors, at(own, "secretName"), source.path("secretName"));
                items(at(own, "items"), source.path("items"));
            }
            case "configMap" -> {
                Values.required(errors, at(own, "name"), source.path("name"));
                items(at(own, "items"), source.path("items"));
            }
            case "persistentVolumeClaim" -> Values.required(errors, at(own, "claimName"), source.path("claimName"));
            case "projected" -> {
                int index = 0;
                for (JsonNode part : source.path("sources")) {
                    JsonNode seconds = part.path("serviceAccountToken").path("expirationSeconds");
                    String place = at(at(own, "sources"), index++);
                    if (seconds.isNumber() && seconds.asLong() < TEN_MINUTES) {
                        errors.invalid(
                                at(place, "serviceAccountToken.expirationSeconds"),
                                seconds,
                                "may not specify a duration less than 10 minutes");
                    }
                }
            }
            default -> {
                // The schema says what there is to say of the other types.
            }
        }
    }

    private void items(String own, JsonNode items) {
        int index = 0;
        for (JsonNode item : items) {
            String place = at(own, index++);
            Values.required(errors, at(place, "key"), item.path("key"));
            if (Values.required(errors, at(place, "path"), item.path("path"))) {
                ContainerRules.relative(
                        errors, at(place, "path"), item.path("path").asText());
            }
            mode(at(place, "mode"), item.path("mode"));
        }
    }

    private void mode(String own, JsonNode mode) {
        if (mode.isNumber() && (mode.asLong() < 0 || mode.asLong() > MODE_MAX)) {
            errors.invalid(own, mode, "must be a number between 0 and 0777 (octal), both inclusive");
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.name.GroupVersionKind;
import io.mizzen.api.status.StatusCause;
import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.admission.AdmissionRequest.Operation;
import io.mizzen.apiserver.admission.podsecurity.PodSecurityStandards;
import io.mizzen.apiserver.admission.podsecurity.PolicyLevel;
import io.mizzen.apiserver.admission.podsecurity.PolicyLevel.Level;
import io.mizzen.apiserver.registry.ObjectCodec;
import io.mizzen.apiserver.storage.cache.CachedObject;
import io.mizzen.apiserver.storage.cache.ListRequest;
import io.mizzen.apiserver.storage.cache.ListResult;
import io.mizzen.apiserver.storage.cache.ObjectCache;
import io.mizzen.apiserver.storage.cache.ResourceKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Holds pods to the levels that their namespace's labels name (API page "Pod Security Admission"): enforce refuses, warn
 * tells the client. Templates are warned of only. The level audit is checked for its form; there is no audit log.
 */
final class PodSecurityPlugin implements Admission.Plugin {
    private static final ResourceKey NAMESPACES = new ResourceKey("", "namespaces");
    private static final ResourceKey PODS = new ResourceKey("", "pods");
    private static final String PREFIX = "pod-security.kubernetes.io/";
    private static final GroupVersionKind NAMESPACE = new GroupVersionKind("", "v1", "Namespace");

    private final ObjectCache cache;

    PodSecurityPlugin(ObjectCache cache) {
        this.cache = cache;
    }

    @Override
    public void validate(AdmissionRequest request) {
        if (request.operation() == Operation.DELETE) {
            return;
        }
        String kind = request.resource().stored().groupResource().toString();
        if (kind.equals("namespaces")) {
            if (request.context().subresource().isEmpty()) {
                namespace(request);
            }
        } else if (kind.equals("pods")) {
            boolean created =
                    request.isCreate() && request.context().subresource().isEmpty();
            boolean debugged = request.context().subresource().equals("ephemeralcontainers");
            if (created || debugged) {
                pod(request);
            }
        } else if (PodSecurityStandards.TEMPLATED.contains(kind)
                && request.context().subresource().isEmpty()) {
            warn(request, template(request.object()), labels(request.namespace()));
        }
    }

    private void pod(AdmissionRequest request) {
        Map<String, String> labels = labels(request.namespace());
        PolicyLevel enforced = policy(labels, "enforce");
        String violations = PodSecurityStandards.violations(request.object(), enforced);
        if (!violations.isEmpty()) {
            throw StatusException.forbidden(
                    request.resource().groupResource(),
                    request.name(),
                    "violates PodSecurity \"" + enforced + "\": " + violations);
        }
        warn(request, request.object(), labels);
    }

    private static void warn(AdmissionRequest request, JsonNode pod, Map<String, String> labels) {
        PolicyLevel level = policy(labels, "warn");
        String violations = PodSecurityStandards.violations(pod, level);
        if (!violations.isEmpty()) {
            request.context().warnings().add("would violate PodSecurity \"" + level + "\": " + violations);
        }
    }

    private static JsonNode template(ObjectNode object) {
        JsonNode template = object.path("spec").path("template");
        if (template.isObject()) {
            return template;
        }
        JsonNode job = object.path("spec").path("jobTemplate").path("spec").path("template");
        return job.isObject() ? job : object.path("template");
    }

    private Map<String, String> labels(String namespace) {
        CachedObject object = cache.get(NAMESPACES, "/registry/namespaces/" + namespace);
        return object == null ? Map.of() : object.labels();
    }

    /** What labels ask for; malformed ones are refused when they are written. */
    private static PolicyLevel policy(Map<String, String> labels, String mode) {
        Level level = PolicyLevel.level(labels.getOrDefault(PREFIX + mode, "privileged"))
                .orElse(Level.RESTRICTED);
        int minor = PolicyLevel.minor(labels.getOrDefault(PREFIX + mode + "-version", "latest"))
                .orElse(PolicyLevel.LATEST);
        return new PolicyLevel(level, minor);
    }

    private void namespace(AdmissionRequest request) {
        Map<String, String> labels = ObjectTree.labels(request.object());
        Map<String, String> before = request.old() == null ? Map.of() : ObjectTree.labels(request.old());
        List<StatusCause> causes = new ArrayList<>();
        for (String mode : List.of("enforce", "audit", "warn")) {
            String level = labels.getOrDefault(PREFIX + mode, "privileged");
            if (PolicyLevel.level(level).isEmpty()) {
                causes.add(invalid(mode, level, "must be one of privileged, baseline, restricted"));
            }
            String version = labels.getOrDefault(PREFIX + mode + "-version", "latest");
            if (PolicyLevel.minor(version).isEmpty()) {
                causes.add(invalid(mode + "-version", version, "must be \"latest\" or \"v1.x\""));
            }
        }
        boolean changed = !policy(labels, "enforce").equals(policy(before, "enforce"))
                || !request.isCreate() && !causes.isEmpty();
        if (!causes.isEmpty() && (request.isCreate() || changed)) {
            throw StatusException.invalid(NAMESPACE, request.name(), causes);
        }
        if (request.operation() == Operation.UPDATE && changed) {
            warnOfExisting(request, policy(labels, "enforce"));
        }
    }

    private static StatusCause invalid(String label, String value, String detail) {
        return new StatusCause(
                "FieldValueInvalid",
                "Invalid value: \"" + value + "\": " + detail,
                "metadata.labels[" + PREFIX + label + "]");
    }

    /** Pods that are there already stay; whoever raises the level is told of them. */
    private void warnOfExisting(AdmissionRequest request, PolicyLevel level) {
        Map<String, Set<String>> pods = new TreeMap<>();
        if (cache.list(ListRequest.in(PODS, request.name())) instanceof ListResult.Listed listed) {
            for (CachedObject pod : listed.items()) {
                String violations = PodSecurityStandards.violations(ObjectCodec.parse(pod.json()), level);
                if (!violations.isEmpty()) {
                    pods.computeIfAbsent(reasons(violations), none -> new TreeSet<>())
                            .add(pod.name());
                }
            }
        }
        if (pods.isEmpty()) {
            return;
        }
        List<String> warnings = request.context().warnings();
        warnings.add("existing pods in namespace \"" + request.name()
                + "\" violate the new PodSecurity enforce level \"" + level + "\"");
        pods.forEach((reasons, names) -> {
            int others = names.size() - 1;
            String more = others == 0 ? "" : " (and " + others + " other pod" + (others == 1 ? ")" : "s)");
            warnings.add(names.iterator().next() + more + ": " + reasons);
        });
    }

    /** The reasons without the details. */
    private static String reasons(String violations) {
        return violations.replaceAll(" \\([^()]*\\)", "");
    }
}

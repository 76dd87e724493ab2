// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry.warning;

import static io.mizzen.apiserver.schema.FieldErrors.at;
import static io.mizzen.apiserver.schema.FieldErrors.atKey;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.catalog.ResourceDefinition;
import io.mizzen.api.meta.Names;
import io.mizzen.api.meta.ObjectTree;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Which built-in kind is warned about what (upstream's {@code WarningsOnCreate} and {@code WarningsOnUpdate}). */
public final class ObjectWarnings {
    private static final String MOUNTABLE_SECRETS = "kubernetes.io/enforce-mountable-secrets";
    private static final String INGRESS_CLASS = "kubernetes.io/ingress.class";
    private static final int MANY_COMPLETIONS = 100_000;
    private static final int MUCH_PARALLELISM = 10_000;

    private static final Map<String, Rule> RULES = rules();

    /** What one kind is warned about; {@code old} is null at creation. */
    @FunctionalInterface
    private interface Rule {
        void check(List<String> warnings, ObjectNode object, @Nullable ObjectNode old);
    }

    private ObjectWarnings() {}

    /**
     * The warnings of a write that is taken.
     *
     * @param object as it will be stored
     * @param old the object before, or null for a new one
     */
    public static List<String> of(ResourceDefinition definition, ObjectNode object, @Nullable ObjectNode old) {
        Rule rule = definition.custom()
                ? null
                : RULES.get(definition.groupResource().toString());
        if (rule == null) {
            return List.of();
        }
        List<String> warnings = new ArrayList<>();
        rule.check(warnings, object, old);
        return warnings;
    }

    private static Map<String, Rule> rules() {
        Map<String, Rule> rules = new HashMap<>();
        rules.put("pods", created((warnings, pod, old) -> {
            name(warnings, pod);
            PodWarnings.check(warnings, pod, "");
        }));
        for (String named : List.of("deployments.apps", "replicasets.apps", "replicationcontrollers")) {
            rules.put(named, specChanged((warnings, object, old) -> {
                nameOfNew(warnings, object, old);
                template(warnings, object, "spec");
            }));
        }
        rules.put("daemonsets.apps", specChanged((warnings, set, old) -> template(warnings, set, "spec")));
        rules.put(
                "podtemplates",
                (warnings, object, old) -> PodWarnings.check(warnings, object.path("template"), "template"));
        rules.put("statefulsets.apps", specChanged(ObjectWarnings::statefulSet));
        rules.put("jobs.batch", specChanged((warnings, job, old) -> {
            nameOfNew(warnings, job, old);
            job(warnings, job, "spec");
        }));
        rules.put("cronjobs.batch", ObjectWarnings::cronJob);
        rules.put("services", (warnings, service, old) -> ServiceWarnings.check(warnings, service));
        rules.put(
                "networkpolicies.networking.k8s.io",
                (warnings, policy, old) -> ServiceWarnings.networkPolicy(warnings, policy));
        rules.put("ingresses.networking.k8s.io", created(ObjectWarnings::ingress));
        rules.put("persistentvolumes", (warnings, volume, old) -> VolumeWarnings.persistentVolume(warnings, volume));
        rules.put("persistentvolumeclaims", (warnings, claim, old) -> VolumeWarnings.claim(warnings, claim));
        rules.put(
                "storageclasses.storage.k8s.io",
                (warnings, object, old) -> NodeLabels.terms(
                        warnings, "allowedTopologies", object.path("allowedTopologies"), "", "matchLabelExpressions"));
        rules.put("serviceaccounts", ObjectWarnings::serviceAccount);
        rules.put("secrets", (warnings, secret, old) -> secret(warnings, secret));
        return Map.copyOf(rules);
    }

    private static Rule created(Rule rule) {
        return (warnings, object, old) -> {
            if (old == null) {
                rule.check(warnings, object, null);
            }
        };
    }

    /** Of a changed object only when its spec is another. */
    private static Rule specChanged(Rule rule) {
        return (warnings, object, old) -> {
            if (old == null || isSpecChanged(object, old)) {
                rule.check(warnings, object, old);
            }
        };
    }

    private static boolean isSpecChanged(ObjectNode object, ObjectNode old) {
        return !object.path("spec").equals(old.path("spec"));
    }

    private static void nameOfNew(List<String> warnings, ObjectNode object, @Nullable ObjectNode old) {
        if (old == null) {
            name(warnings, object);
        }
    }

    private static void name(List<String> warnings, ObjectNode object) {
        List<String> reasons = Names.labelErrors(ObjectTree.name(object));
        if (!reasons.isEmpty()) {
            warnings.add("metadata.name: this is used in Pod names and hostnames, which can result in surprising"
                    + " behavior; a DNS label is recommended: [" + String.join(" ", reasons) + "]");
        }
    }

    private static void template(List<String> warnings, JsonNode owner, String path) {
        JsonNode template = ObjectTree.at(owner, (path + ".template").split("\\."));
        PodWarnings.check(warnings, template, at(path, "template"));
    }

    private static void statefulSet(List<String> warnings, ObjectNode set, @Nullable ObjectNode old) {
        template(warnings, set, "spec");
        JsonNode claims = set.path("spec").path("volumeClaimTemplates");
        for (int i = 0; i < claims.size(); i++) {
            VolumeWarnings.claimSpec(
                    warnings,
                    at(at("spec.volumeClaimTemplates", i), "spec"),
                    claims.get(i).path("spec"));
        }
        if (set.path("spec").path("revisionHistoryLimit").asInt(0) < 0) {
            warnings.add("spec.revisionHistoryLimit: a negative value retains all historical revisions;"
                    + " a value >= 0 is recommended");
        }
    }

    private static void job(List<String> warnings, JsonNode owner, String path) {
        JsonNode spec = ObjectTree.at(owner, path.split("\\."));
        if (spec.path("completionMode").asText("").equals("Indexed")
                && spec.path("completions").asLong(0) > MANY_COMPLETIONS
                && spec.path("parallelism").asLong(0) > MUCH_PARALLELISM) {
            warnings.add(path + ": In Indexed Jobs with a number of completions higher than 10^5 and a parallelism"
                    + " higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number"
                    + " of indexes fail");
        }
        template(warnings, owner, path);
    }

    private static void cronJob(List<String> warnings, ObjectNode cronJob, @Nullable ObjectNode old) {
        nameOfNew(warnings, cronJob, old);
        if (old == null || isSpecChanged(cronJob, old)) {
            job(warnings, cronJob, "spec.jobTemplate.spec");
        }
        if (old != null && cronJob.path("spec").path("schedule").asText("").contains("TZ")) {
            // The path is upstream's.
            warnings.add("cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see "
                    + "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details");
        }
    }

    private static void ingress(List<String> warnings, ObjectNode ingress, @Nullable ObjectNode old) {
        if (ObjectTree.annotations(ingress).containsKey(INGRESS_CLASS)
                && !ingress.path("spec").hasNonNull("ingressClassName")) {
            warnings.add(
                    "annotation \"" + INGRESS_CLASS + "\" is deprecated, please use 'spec.ingressClassName' instead");
        }
    }

    private static void serviceAccount(List<String> warnings, ObjectNode account, @Nullable ObjectNode old) {
        boolean had = old != null && ObjectTree.annotations(old).containsKey(MOUNTABLE_SECRETS);
        if (!had && ObjectTree.annotations(account).containsKey(MOUNTABLE_SECRETS)) {
            warnings.add(atKey("metadata.annotations", MOUNTABLE_SECRETS)
                    + ": deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets");
        }
    }

    /** Only what can be seen without reading keys: that there is none. */
    private static void secret(List<String> warnings, ObjectNode secret) {
        if (!secret.path("type").asText("").equals("kubernetes.io/tls")) {
            return;
        }
        for (Map.Entry<String, String> part :
                List.of(Map.entry("tls.crt", "certificate"), Map.entry("tls.key", "key"))) {
            if (!isPem(secret.path("data").path(part.getKey()).asText(""))) {
                warnings.add("tls: failed to find any PEM data in " + part.getValue() + " input");
                return;
            }
        }
    }

    private static boolean isPem(String base64) {
        try {
            byte[] bytes = java.util.Base64.getDecoder().decode(base64);
            return new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1).contains("-----BEGIN ");
        } catch (IllegalArgumentException malformed) {
            return false;
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.admission.podsecurity;

import static io.mizzen.apiserver.admission.podsecurity.PodView.security;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.apiserver.admission.podsecurity.PodSecurityStandards.Violation;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What the level restricted asks for besides baseline. Each answers null when it has nothing against. */
final class RestrictedChecks {
    private static final Set<String> VOLUMES = Set.of(
            "configMap",
            "csi",
            "downwardAPI",
            "emptyDir",
            "ephemeral",
            "image",
            "persistentVolumeClaim",
            "projected",
            "secret");
    /** From here on what Windows does not know is not asked of its pods. */
    private static final int WINDOWS = 25;

    private RestrictedChecks() {}

    static @Nullable Violation escalation(PodView pod, int minor) {
        if (minor >= WINDOWS && pod.isWindows()) {
            return null;
        }
        List<String> names = pod.named(
                each -> security(each).path("allowPrivilegeEscalation").asBoolean(true));
        return names.isEmpty()
                ? null
                : new Violation(
                        "allowPrivilegeEscalation != false",
                        PodView.text(names) + " must set securityContext.allowPrivilegeEscalation=false");
    }

    static @Nullable Violation capabilities(PodView pod, int minor) {
        if (minor >= WINDOWS && pod.isWindows()) {
            return null;
        }
        TreeSet<String> added = new TreeSet<>();
        List<String> keeping = pod.named(each -> {
            for (JsonNode dropped : security(each).path("capabilities").path("drop")) {
                if (dropped.asText().equals("ALL")) {
                    return false;
                }
            }
            return true;
        });
        List<String> adding = pod.named(each -> {
            boolean bad = false;
            for (JsonNode capability : security(each).path("capabilities").path("add")) {
                if (!capability.asText().equals("NET_BIND_SERVICE")) {
                    added.add(capability.asText());
                    bad = true;
                }
            }
            return bad;
        });
        List<String> texts = new ArrayList<>();
        if (!keeping.isEmpty()) {
            texts.add(PodView.text(keeping) + " must set securityContext.capabilities.drop=[\"ALL\"]");
        }
        if (!adding.isEmpty()) {
            texts.add(PodView.text(adding) + " must not include " + PodView.quoted(List.copyOf(added))
                    + " in securityContext.capabilities.add");
        }
        return texts.isEmpty() ? null : new Violation("unrestricted capabilities", String.join("; ", texts));
    }

    static @Nullable Violation volumes(PodView pod, int minor) {
        List<String> names = new ArrayList<>();
        TreeSet<String> types = new TreeSet<>();
        for (JsonNode volume : pod.spec().path("volumes")) {
            // A volume without a source is an emptyDir by default.
            String type = "emptyDir";
            for (var field : volume.properties()) {
                if (!field.getKey().equals("name")) {
                    type = field.getKey();
                }
            }
            if (!VOLUMES.contains(type)) {
                names.add(volume.path("name").asText());
                types.add(type);
            }
        }
        return names.isEmpty()
                ? null
                : new Violation(
                        "restricted volume types",
                        PodView.text("volume", names) + (names.size() == 1 ? " uses" : " use")
                                + " restricted volume type" + (types.size() == 1 ? " " : "s ")
                                + PodView.quoted(List.copyOf(types)));
    }

    static @Nullable Violation nonRoot(PodView pod, int minor) {
        JsonNode whole = pod.security().path("runAsNonRoot");
        List<String> rooted = pod.named(each -> isFalse(security(each).path("runAsNonRoot")));
        List<String> silent =
                pod.named(each -> !security(each).path("runAsNonRoot").isBoolean());
        String reason = "runAsNonRoot != true";
        List<String> bad = new ArrayList<>();
        // A pod that says false does no harm when every container says true.
        if (isFalse(whole) && (!rooted.isEmpty() || !silent.isEmpty())) {
            bad.add("pod");
        }
        if (!rooted.isEmpty()) {
            bad.add(PodView.text(rooted));
        }
        if (!bad.isEmpty() || isFalse(whole)) {
            if (bad.isEmpty()) {
                bad.add("pod");
            }
            return new Violation(
                    reason, String.join(" and ", bad) + " must not set securityContext.runAsNonRoot=false");
        }
        return whole.asBoolean(false) || silent.isEmpty()
                ? null
                : new Violation(
                        reason, "pod or " + PodView.text(silent) + " must set securityContext.runAsNonRoot=true");
    }

    private static boolean isFalse(JsonNode node) {
        return node.isBoolean() && !node.asBoolean();
    }

    static @Nullable Violation nonRootUser(PodView pod, int minor) {
        List<String> setters = new ArrayList<>();
        if (pod.security().path("runAsUser").asLong(-1) == 0) {
            setters.add("pod");
        }
        List<String> names = pod.named(each -> security(each).path("runAsUser").asLong(-1) == 0);
        if (!names.isEmpty()) {
            setters.add(PodView.text(names));
        }
        return setters.isEmpty()
                ? null
                : new Violation("runAsUser=0", String.join(" and ", setters) + " must not set runAsUser=0");
    }

    static @Nullable Violation seccomp(PodView pod, int minor) {
        if (minor >= WINDOWS && pod.isWindows()) {
            return null;
        }
        Violation unconfined = BaselineChecks.seccomp(pod, minor);
        if (unconfined != null) {
            return unconfined;
        }
        boolean whole = pod.security().path("seccompProfile").has("type");
        List<String> silent =
                pod.named(each -> !security(each).path("seccompProfile").has("type"));
        return whole || silent.isEmpty()
                ? null
                : new Violation(
                        "seccompProfile",
                        "pod or " + PodView.text(silent)
                                + " must set securityContext.seccompProfile.type to \"RuntimeDefault\" or"
                                + " \"Localhost\"");
    }

    static @Nullable Violation procMount(PodView pod, int minor) {
        return BaselineChecks.unmasked(pod);
    }
}

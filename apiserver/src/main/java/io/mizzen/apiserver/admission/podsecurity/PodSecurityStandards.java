// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.admission.podsecurity;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.apiserver.admission.podsecurity.PolicyLevel.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Holds pods to a level, as of a version (API page "Pod Security Standards"). Pure. */
public final class PodSecurityStandards {
    private PodSecurityStandards() {}

    /** What is wrong: a short reason and who is to blame. */
    record Violation(String reason, String detail) {}

    /** One check. */
    @FunctionalInterface
    private interface Check {
        @Nullable
        Violation of(PodView pod, int minor);
    }

    private record Known(String id, int since, Check check) {}

    private static final List<Known> BASELINE = List.of(
            new Known("appArmorProfile", 0, BaselineChecks::appArmor),
            new Known("capabilities_baseline", 0, BaselineChecks::capabilities),
            new Known("hostNamespaces", 0, BaselineChecks::hostNamespaces),
            new Known("hostPathVolumes", 0, BaselineChecks::hostPathVolumes),
            new Known("hostPorts", 0, BaselineChecks::hostPorts),
            new Known("hostProbesAndHostLifecycle", 34, BaselineChecks::hostProbes),
            new Known("privileged", 0, BaselineChecks::privileged),
            new Known("procMount", 0, BaselineChecks::procMount),
            new Known("seLinuxOptions", 0, BaselineChecks::seLinux),
            new Known("seccompProfile_baseline", 0, BaselineChecks::seccomp),
            new Known("sysctls", 0, BaselineChecks::sysctls),
            new Known("windowsHostProcess", 0, BaselineChecks::windowsHostProcess));

    private static final List<Known> RESTRICTED = List.of(
            new Known("allowPrivilegeEscalation", 8, RestrictedChecks::escalation),
            new Known("capabilities_restricted", 22, RestrictedChecks::capabilities),
            new Known("procMount_restricted", 35, RestrictedChecks::procMount),
            new Known("restrictedVolumes", 0, RestrictedChecks::volumes),
            new Known("runAsNonRoot", 0, RestrictedChecks::nonRoot),
            new Known("runAsUser", 23, RestrictedChecks::nonRootUser),
            new Known("seccompProfile_restricted", 19, RestrictedChecks::seccomp));

    /** Which stricter check makes a laxer one superfluous, where it is in force. */
    private static boolean isOverridden(String id, int minor) {
        return switch (id) {
            case "hostPathVolumes" -> true;
            case "capabilities_baseline" -> minor >= 22;
            case "seccompProfile_baseline" -> minor >= 19;
            case "procMount" -> minor >= 35;
            default -> false;
        };
    }

    /** What a level has against a pod, as upstream words it; empty when it may pass. */
    public static String violations(JsonNode pod, PolicyLevel policy) {
        if (policy.level() == Level.PRIVILEGED) {
            return "";
        }
        boolean restricted = policy.level() == Level.RESTRICTED;
        int minor = policy.minor();
        PodView view = PodView.of(pod);
        List<Violation> found = new ArrayList<>();
        for (Known known : BASELINE) {
            if (known.since() <= minor && !(restricted && isOverridden(known.id(), minor))) {
                add(found, known.check().of(view, minor));
            }
        }
        if (restricted) {
            for (Known known : RESTRICTED) {
                if (known.since() <= minor) {
                    add(found, known.check().of(view, minor));
                }
            }
        }
        return found.stream()
                .map(violation -> violation.reason() + " (" + violation.detail() + ")")
                .collect(Collectors.joining(", "));
    }

    private static void add(List<Violation> found, @Nullable Violation violation) {
        if (violation != null) {
            found.add(violation);
        }
    }

    /** Kinds that hold a pod template; a level may warn of them. */
    public static final Set<String> TEMPLATED = Set.of(
            "cronjobs.batch",
            "daemonsets.apps",
            "deployments.apps",
            "jobs.batch",
            "podtemplates",
            "replicasets.apps",
            "replicationcontrollers",
            "statefulsets.apps");
}

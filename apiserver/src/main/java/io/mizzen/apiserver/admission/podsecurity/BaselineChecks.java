// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.admission.podsecurity;

import static io.mizzen.apiserver.admission.podsecurity.PodView.security;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.apiserver.admission.podsecurity.PodSecurityStandards.Violation;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The checks of the level baseline (API page "Pod Security Standards"). Each answers null when it has nothing against. */
final class BaselineChecks {
    private static final Set<String> CAPABILITIES = Set.of(
            "AUDIT_WRITE",
            "CHOWN",
            "DAC_OVERRIDE",
            "FOWNER",
            "FSETID",
            "KILL",
            "MKNOD",
            "NET_BIND_SERVICE",
            "SETFCAP",
            "SETGID",
            "SETPCAP",
            "SETUID",
            "SYS_CHROOT");
    private static final String APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/";
    private static final String SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod";
    private static final String SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/";

    private BaselineChecks() {}

    static @Nullable Violation appArmor(PodView pod, int minor) {
        List<String> forbidden = new ArrayList<>();
        List<String> setters = new ArrayList<>();
        TreeSet<String> values = new TreeSet<>();
        if (isUnconfined(pod.security().path("appArmorProfile"))) {
            setters.add("pod");
            values.add(pod.security().path("appArmorProfile").path("type").asText());
        }
        List<String> containers = pod.named(each -> isUnconfined(security(each).path("appArmorProfile")));
        if (!containers.isEmpty()) {
            setters.add(PodView.text(containers));
            pod.containers().stream()
                    .map(each -> security(each).path("appArmorProfile"))
                    .filter(BaselineChecks::isUnconfined)
                    .forEach(profile -> values.add(profile.path("type").asText()));
        }
        if (!setters.isEmpty()) {
            forbidden.add(String.join(" and ", setters) + " must not set AppArmor profile type to "
                    + PodView.quoted(List.copyOf(values)));
        }
        pod.annotations().forEach((key, value) -> {
            boolean allowed = value.isEmpty() || value.equals("runtime/default") || value.startsWith("localhost/");
            if (key.startsWith(APP_ARMOR) && !allowed) {
                forbidden.add("annotation " + key + "=\"" + value + "\"");
            }
        });
        return forbidden.isEmpty()
                ? null
                : new Violation(
                        "forbidden AppArmor profile" + (forbidden.size() > 1 ? "s" : ""), String.join(", ", forbidden));
    }

    private static boolean isUnconfined(JsonNode profile) {
        String type = profile.path("type").asText("");
        return !type.isEmpty() && !type.equals("RuntimeDefault") && !type.equals("Localhost");
    }

    static @Nullable Violation capabilities(PodView pod, int minor) {
        TreeSet<String> added = new TreeSet<>();
        List<String> names = pod.named(each -> {
            boolean bad = false;
            for (JsonNode capability : security(each).path("capabilities").path("add")) {
                if (!CAPABILITIES.contains(capability.asText())) {
                    added.add(capability.asText());
                    bad = true;
                }
            }
            return bad;
        });
        return names.isEmpty()
                ? null
                : new Violation(
                        "non-default capabilities",
                        PodView.text(names) + " must not include " + PodView.quoted(List.copyOf(added))
                                + " in securityContext.capabilities.add");
    }

    static @Nullable Violation hostNamespaces(PodView pod, int minor) {
        List<String> used = new ArrayList<>();
        for (String field : List.of("hostNetwork", "hostPID", "hostIPC")) {
            if (pod.spec().path(field).asBoolean(false)) {
                used.add(field + "=true");
            }
        }
        return used.isEmpty() ? null : new Violation("host namespaces", String.join(", ", used));
    }

    static @Nullable Violation hostPathVolumes(PodView pod, int minor) {
        List<String> names = new ArrayList<>();
        for (JsonNode volume : pod.spec().path("volumes")) {
            if (volume.has("hostPath")) {
                names.add(volume.path("name").asText());
            }
        }
        return names.isEmpty() ? null : new Violation("hostPath volumes", PodView.text("volume", names));
    }

    static @Nullable Violation hostPorts(PodView pod, int minor) {
        TreeSet<Integer> ports = new TreeSet<>();
        List<String> names = pod.named(each -> {
            boolean bad = false;
            for (JsonNode port : each.path("ports")) {
                int hostPort = port.path("hostPort").asInt(0);
                if (hostPort != 0) {
                    ports.add(hostPort);
                    bad = true;
                }
            }
            return bad;
        });
        if (names.isEmpty()) {
            return null;
        }
        String list = String.join(", ", ports.stream().map(String::valueOf).toList());
        return new Violation(
                "hostPort",
                PodView.text(names) + (names.size() == 1 ? " uses" : " use") + " hostPort"
                        + (ports.size() == 1 ? " " : "s ") + list);
    }

    static @Nullable Violation hostProbes(PodView pod, int minor) {
        TreeSet<String> hosts = new TreeSet<>();
        List<String> names = pod.named(each -> {
            int before = hosts.size();
            Set<String> found = new HashSet<>();
            for (String probe : List.of("livenessProbe", "readinessProbe", "startupProbe")) {
                collectHosts(found, each.path(probe));
            }
            for (String hook : List.of("postStart", "preStop")) {
                collectHosts(found, each.path("lifecycle").path(hook));
            }
            hosts.addAll(found);
            return hosts.size() > before || !found.isEmpty();
        });
        return names.isEmpty()
                ? null
                : new Violation(
                        "probe or lifecycle host",
                        PodView.text(names) + (names.size() == 1 ? " uses" : " use") + " probe or lifecycle host"
                                + (hosts.size() == 1 ? " " : "s ") + PodView.quoted(List.copyOf(hosts)));
    }

    private static void collectHosts(Set<String> hosts, JsonNode handler) {
        for (String kind : List.of("httpGet", "tcpSocket")) {
            String host = handler.path(kind).path("host").asText("");
            if (!host.isEmpty()) {
                hosts.add(host);
            }
        }
    }

    static @Nullable Violation privileged(PodView pod, int minor) {
        List<String> names = pod.named(each -> security(each).path("privileged").asBoolean(false));
        return names.isEmpty()
                ? null
                : new Violation("privileged", PodView.text(names) + " must not set securityContext.privileged=true");
    }

    static @Nullable Violation procMount(PodView pod, int minor) {
        // A pod with a user namespace of its own may unmask since 1.35 (KEP-4265).
        return minor >= 35 && pod.hasUserNamespace() ? null : unmasked(pod);
    }

    static @Nullable Violation unmasked(PodView pod) {
        TreeSet<String> types = new TreeSet<>();
        List<String> names = pod.named(each -> {
            String type = security(each).path("procMount").asText("Default");
            if (!type.equals("Default")) {
                types.add(type);
            }
            return !type.equals("Default");
        });
        return names.isEmpty()
                ? null
                : new Violation(
                        "procMount",
                        PodView.text(names) + " must not set securityContext.procMount to "
                                + PodView.quoted(List.copyOf(types)));
    }

    static @Nullable Violation seLinux(PodView pod, int minor) {
        Set<String> allowed = new HashSet<>(Set.of("", "container_t", "container_init_t", "container_kvm_t"));
        if (minor >= 31) {
            allowed.add("container_engine_t");
        }
        List<String> setters = new ArrayList<>();
        TreeSet<String> types = new TreeSet<>();
        boolean[] others = new boolean[2];
        if (isForbidden(pod.security(), allowed, types, others)) {
            setters.add("pod");
        }
        List<String> names = pod.named(each -> isForbidden(security(each), allowed, types, others));
        if (!names.isEmpty()) {
            setters.add(PodView.text(names));
        }
        if (setters.isEmpty()) {
            return null;
        }
        List<String> what = new ArrayList<>();
        if (!types.isEmpty()) {
            what.add("type" + (types.size() == 1 ? " " : "s ") + PodView.quoted(List.copyOf(types)));
        }
        if (others[0]) {
            what.add("user may not be set");
        }
        if (others[1]) {
            what.add("role may not be set");
        }
        return new Violation(
                "seLinuxOptions",
                String.join(" and ", setters) + " set forbidden securityContext.seLinuxOptions: "
                        + String.join("; ", what));
    }

    private static boolean isForbidden(JsonNode context, Set<String> allowed, Set<String> types, boolean[] others) {
        JsonNode options = context.path("seLinuxOptions");
        boolean bad = false;
        if (!allowed.contains(options.path("type").asText(""))) {
            types.add(options.path("type").asText());
            bad = true;
        }
        if (!options.path("user").asText("").isEmpty()) {
            others[0] = true;
            bad = true;
        }
        if (!options.path("role").asText("").isEmpty()) {
            others[1] = true;
            bad = true;
        }
        return bad;
    }

    static @Nullable Violation seccomp(PodView pod, int minor) {
        if (minor < 19) {
            return seccompByAnnotation(pod);
        }
        List<String> setters = new ArrayList<>();
        TreeSet<String> types = new TreeSet<>();
        if (isUnconfinedSeccomp(pod.security(), types)) {
            setters.add("pod");
        }
        List<String> names = pod.named(each -> isUnconfinedSeccomp(security(each), types));
        if (!names.isEmpty()) {
            setters.add(PodView.text(names));
        }
        return setters.isEmpty()
                ? null
                : new Violation(
                        "seccompProfile",
                        String.join(" and ", setters) + " must not set securityContext.seccompProfile.type to "
                                + PodView.quoted(List.copyOf(types)));
    }

    private static boolean isUnconfinedSeccomp(JsonNode context, Set<String> types) {
        String type = context.path("seccompProfile").path("type").asText("");
        boolean bad = !type.isEmpty() && !type.equals("RuntimeDefault") && !type.equals("Localhost");
        if (bad) {
            types.add(type);
        }
        return bad;
    }

    private static @Nullable Violation seccompByAnnotation(PodView pod) {
        Set<String> known = new HashSet<>();
        known.add(SECCOMP_POD);
        pod.containers()
                .forEach(each -> known.add(SECCOMP_CONTAINER + each.path("name").asText()));
        TreeSet<String> forbidden = new TreeSet<>();
        pod.annotations().forEach((key, value) -> {
            boolean allowed =
                    value.equals("runtime/default") || value.equals("docker/default") || value.startsWith("localhost/");
            if (known.contains(key) && !allowed) {
                forbidden.add(key + "=\"" + value + "\"");
            }
        });
        return forbidden.isEmpty()
                ? null
                : new Violation(
                        "seccompProfile",
                        "forbidden annotation" + (forbidden.size() == 1 ? " " : "s ") + String.join(", ", forbidden));
    }

    static @Nullable Violation sysctls(PodView pod, int minor) {
        Set<String> allowed = new HashSet<>(Set.of(
                "kernel.shm_rmid_forced",
                "net.ipv4.ip_local_port_range",
                "net.ipv4.tcp_syncookies",
                "net.ipv4.ping_group_range",
                "net.ipv4.ip_unprivileged_port_start"));
        if (minor >= 27) {
            allowed.add("net.ipv4.ip_local_reserved_ports");
        }
        if (minor >= 29) {
            allowed.addAll(Set.of(
                    "net.ipv4.tcp_keepalive_time",
                    "net.ipv4.tcp_fin_timeout",
                    "net.ipv4.tcp_keepalive_intvl",
                    "net.ipv4.tcp_keepalive_probes"));
        }
        if (minor >= 32) {
            allowed.addAll(Set.of("net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"));
        }
        List<String> forbidden = new ArrayList<>();
        for (JsonNode sysctl : pod.security().path("sysctls")) {
            String name = sysctl.path("name").asText();
            if (!allowed.contains(name)) {
                forbidden.add(name);
            }
        }
        return forbidden.isEmpty() ? null : new Violation("forbidden sysctls", String.join(", ", forbidden));
    }

    static @Nullable Violation windowsHostProcess(PodView pod, int minor) {
        List<String> setters = new ArrayList<>();
        if (pod.security().path("windowsOptions").path("hostProcess").asBoolean(false)) {
            setters.add("pod");
        }
        List<String> names = pod.named(each ->
                security(each).path("windowsOptions").path("hostProcess").asBoolean(false));
        if (!names.isEmpty()) {
            setters.add(PodView.text(names));
        }
        return setters.isEmpty()
                ? null
                : new Violation(
                        "hostProcess",
                        String.join(" and ", setters)
                                + " must not set securityContext.windowsOptions.hostProcess=true");
    }
}

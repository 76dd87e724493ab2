// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.stats;

import io.mizzen.kubelet.resource.Cgroups;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/** Reads the usage of a cgroup, of either version. */
final class CgroupUsage {
    private final Cgroups cgroups;

    CgroupUsage(Cgroups cgroups) {
        this.cgroups = cgroups;
    }

    /** The usage of a cgroup now; empty if there is none. */
    Optional<Usage> read(String cgroup, Instant now) {
        OptionalLong cpu = cgroups.isUnified()
                ? field(cgroups.read("", cgroup, "cpu.stat"), "usage_usec", 1000)
                : number(cgroups.read("cpuacct", cgroup, "cpuacct.usage"));
        OptionalLong memory = number(
                cgroups.isUnified()
                        ? cgroups.read("", cgroup, "memory.current")
                        : cgroups.read("memory", cgroup, "memory.usage_in_bytes"));
        if (cpu.isEmpty() || memory.isEmpty()) {
            return Optional.empty();
        }
        OptionalLong inactive = cgroups.isUnified()
                ? field(cgroups.read("", cgroup, "memory.stat"), "inactive_file", 1)
                : field(cgroups.read("memory", cgroup, "memory.stat"), "total_inactive_file", 1);
        long workingSet = Math.max(0, memory.getAsLong() - inactive.orElse(0));
        return Optional.of(new Usage(now, cpu.getAsLong(), memory.getAsLong(), workingSet));
    }

    private static OptionalLong number(Optional<String> text) {
        return text.filter(t -> t.matches("[0-9]+"))
                .map(t -> OptionalLong.of(Long.parseLong(t)))
                .orElse(OptionalLong.empty());
    }

    /** A field of a file of lines {@code name value}. Pure. */
    static OptionalLong field(Optional<String> text, String name, long factor) {
        return text.stream()
                .flatMap(String::lines)
                .filter(l -> l.startsWith(name + " "))
                .mapToLong(l -> Long.parseLong(l.substring(name.length() + 1).strip()) * factor)
                .findFirst();
    }
}

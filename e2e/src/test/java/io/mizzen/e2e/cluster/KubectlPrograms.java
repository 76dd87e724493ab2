// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The kubectl programs that the stories are told with: our own, and upstream's 1.33 and 1.36 from the npm packages that
 * carry them; 1.27 too where the machine has it beside its own kubectl.
 */
public final class KubectlPrograms {
    private KubectlPrograms() {}

    /** Path of our own. */
    public static Path own() {
        return Cluster.DIST.resolve("bin/kubectl");
    }

    /** All of them, by name. */
    public static Map<String, Path> all() {
        Map<String, Path> programs = new LinkedHashMap<>();
        programs.put("own", own());
        programs.put("1.33", upstream(33));
        programs.put("1.36", upstream(36));
        oldest().ifPresent(path -> programs.put("1.27", path));
        return programs;
    }

    private static java.util.Optional<Path> oldest() {
        Command which = Command.attempt("which", "kubectl");
        if (which.exitCode() != 0) {
            return java.util.Optional.empty();
        }
        try {
            Path beside = Path.of(which.out().strip()).toRealPath().resolveSibling("kubectl.1.27");
            return Files.isExecutable(beside) ? java.util.Optional.of(beside) : java.util.Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Upstream's kubectl of 1.{@code minor}. */
    public static Path upstream(int minor) {
        return LayerPackage.program(minor, "kubectl");
    }
}

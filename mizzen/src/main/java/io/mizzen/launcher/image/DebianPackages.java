// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.image;

import io.mizzen.launcher.containerd.CommandLine;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The installed Debian packages of this machine, as dpkg and ldd tell of them. */
final class DebianPackages implements PackageSource {
    private static final Duration TIMEOUT = Duration.ofSeconds(20);
    /** {@code name => /path (0x…)}, or the loader's path alone. */
    private static final Pattern LOADED = Pattern.compile("\\s*(?:\\S+ => )?(/\\S+) \\(0x[0-9a-f]+\\)");

    private static final Pattern MISSING = Pattern.compile("\\s*(\\S+) => not found");

    @Override
    public List<Path> paths(String packageName) throws IOException, InterruptedException {
        CommandLine status = run("dpkg-query", "--show", "--showformat=${db:Status-Status}\n", packageName);
        if (status.exitCode() != 0 || status.output().lines().noneMatch("installed"::equals)) {
            throw new ImageException(
                    "package " + packageName + " is not installed here: apt-get install " + packageName);
        }
        CommandLine list = run("dpkg-query", "--listfiles", packageName);
        if (list.exitCode() != 0) {
            throw new ImageException("dpkg-query --listfiles " + packageName + ": " + list.output());
        }
        return listed(list.output());
    }

    /** The paths of dpkg's list, without the root and without remarks about diversions. */
    static List<Path> listed(String output) {
        return output.lines()
                .filter(line -> line.startsWith("/") && !line.equals("/."))
                .map(Path::of)
                .toList();
    }

    @Override
    public List<Path> libraries(Path program) throws IOException, InterruptedException {
        // The exit code says no more than the output: a static program gives 1.
        return loaded(program, run("ldd", program.toString()).output());
    }

    /** The libraries that ldd lists for a program. */
    static List<Path> loaded(Path program, String output) {
        List<Path> libraries = new ArrayList<>();
        for (String line : output.lines().toList()) {
            Matcher missing = MISSING.matcher(line);
            if (missing.matches()) {
                throw new ImageException(program + " needs the library " + missing.group(1)
                        + ", which is not installed here: apt-get install --fix-broken");
            }
            Matcher loaded = LOADED.matcher(line);
            if (loaded.matches()) {
                libraries.add(Path.of(loaded.group(1)));
            }
        }
        return libraries;
    }

    private static CommandLine run(String program, String... arguments) throws IOException, InterruptedException {
        Path found = CommandLine.find(program)
                .orElseThrow(() ->
                        new ImageException(program + " is not here: images of packages are made on a Debian machine"));
        List<String> command = new ArrayList<>(List.of(found.toString()));
        command.addAll(List.of(arguments));
        return CommandLine.run(TIMEOUT, command);
    }
}

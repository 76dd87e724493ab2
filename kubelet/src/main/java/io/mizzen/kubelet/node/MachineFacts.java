// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.node;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What the machine is, as far as the Node object tells it.
 *
 * @param cpus number of logical CPUs
 * @param memoryBytes of memory
 * @param diskBytes size of the file system with the kubelet's root folder
 * @param machineId from /etc/machine-id
 * @param systemUuid of the board
 * @param bootId changes with every boot
 * @param kernelVersion as uname
 * @param osImage pretty name of the distribution
 * @param architecture in Go's words: amd64, arm64
 */
public record MachineFacts(
        int cpus,
        long memoryBytes,
        long diskBytes,
        String machineId,
        String systemUuid,
        String bootId,
        String kernelVersion,
        String osImage,
        String architecture) {

    /** Reads them from the running system. */
    public static MachineFacts read(Path rootDir) throws IOException {
        Files.createDirectories(rootDir);
        return new MachineFacts(
                Runtime.getRuntime().availableProcessors(),
                totalMemory(),
                Files.getFileStore(rootDir).getTotalSpace(),
                text("/etc/machine-id"),
                text("/sys/class/dmi/id/product_uuid"),
                text("/proc/sys/kernel/random/boot_id"),
                text("/proc/sys/kernel/osrelease"),
                prettyName(),
                System.getProperty("os.arch").equals("aarch64") ? "arm64" : System.getProperty("os.arch"));
    }

    /** Bytes of available memory now, as the kernel estimates it. */
    public static long availableMemory() throws IOException {
        return meminfo("MemAvailable:");
    }

    /** Bytes of memory of the machine. */
    public static long totalMemory() throws IOException {
        return meminfo("MemTotal:");
    }

    private static long meminfo(String field) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
            if (line.startsWith(field)) {
                return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
            }
        }
        throw new IOException("/proc/meminfo has no " + field);
    }

    private static String prettyName() {
        for (String line : text("/etc/os-release").lines().toList()) {
            if (line.startsWith("PRETTY_NAME=")) {
                return line.substring("PRETTY_NAME=".length()).replace("\"", "");
            }
        }
        return "Linux";
    }

    private static String text(String file) {
        try {
            return Files.readString(Path.of(file)).strip();
        } catch (IOException e) {
            // Not every machine has every one of these files; upstream leaves the field empty as well.
            return "";
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy.dns;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The name servers of a {@code resolv.conf}, read again when the file changes. Thread-safe. */
final class ResolvConf implements Supplier<List<InetSocketAddress>> {
    private static final Logger log = LoggerFactory.getLogger(ResolvConf.class);
    private static final int MAX_SERVERS = 3;
    private static final int PORT = 53;

    private final Path file;
    private final List<InetAddress> excluded;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private FileTime readAt = FileTime.fromMillis(-1);

    @GuardedBy("lock")
    private List<InetSocketAddress> servers = List.of();

    /** A file; servers at {@code excluded} addresses are left out, because they would ask back. */
    ResolvConf(Path file, List<InetAddress> excluded) {
        this.file = file;
        this.excluded = List.copyOf(excluded);
    }

    @Override
    public List<InetSocketAddress> get() {
        lock.lock();
        try {
            FileTime changed = Files.getLastModifiedTime(file);
            if (!changed.equals(readAt)) {
                servers = parse(Files.readAllLines(file));
                readAt = changed;
            }
            return servers;
        } catch (IOException unreadable) {
            log.warn(
                    "{} cannot be read, names outside the cluster are not resolved: {}", file, unreadable.getMessage());
            return servers;
        } finally {
            lock.unlock();
        }
    }

    private List<InetSocketAddress> parse(List<String> lines) {
        return lines.stream()
                .map(String::strip)
                .filter(line -> line.startsWith("nameserver"))
                .map(line -> line.substring("nameserver".length()).strip())
                .flatMap(ip -> literal(ip).stream())
                .filter(address -> !excluded.contains(address))
                .limit(MAX_SERVERS)
                .map(address -> new InetSocketAddress(address, PORT))
                .toList();
    }

    private static Optional<InetAddress> literal(String ip) {
        try {
            return Optional.of(InetAddress.ofLiteral(ip));
        } catch (IllegalArgumentException notAnAddress) {
            return Optional.empty();
        }
    }
}

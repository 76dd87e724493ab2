// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.containerd;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A containerd of our own, kept running.
 *
 * <p>It gets a session of its own, so no signal meant for us reaches it; a later start finds it by its pid file and takes
 * it over. When it dies it is started again, after 0.2 s at first and at most 10 s. {@link #close} ends containerd and the
 * thread that watches it; containers go on under their shims.
 *
 * <p>Threads: one, {@code containerd-supervisor}, which owns the process handle once {@link #start} has returned.
 */
public final class Containerd implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Containerd.class);
    private static final Duration FIRST_BACK_OFF = Duration.ofMillis(200);
    private static final Duration LONGEST_BACK_OFF = Duration.ofSeconds(10);
    private static final Duration STEADY_AFTER = Duration.ofMinutes(1);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(5);
    private static final long POLL_MILLIS = 20;

    private final ContainerdOptions options;
    private final Path binary;
    private final Path setsid;
    private final CompletableFuture<Void> closing = new CompletableFuture<>();
    private final Thread supervisor;
    private volatile ProcessHandle process;

    private Containerd(ContainerdOptions options, Path binary, Path setsid, ProcessHandle process) {
        this.options = options;
        this.binary = binary;
        this.setsid = setsid;
        this.process = process;
        this.supervisor = Thread.ofVirtual().name("containerd-supervisor").unstarted(this::supervise);
    }

    /**
     * Starts containerd, or takes over the one an earlier server left, and waits until its socket answers.
     *
     * @throws ContainerdException when it cannot run here; the message says what to do
     */
    public static Containerd start(ContainerdOptions options) throws InterruptedException {
        Path binary = require("containerd", "containerd");
        Path setsid = require("setsid", "util-linux");
        LOG.debug("containerd {} uses {}", binary, require("runc", "runc"));
        try {
            Files.createDirectories(options.folder());
            Files.createDirectories(options.registryConfig());
            Files.createDirectories(options.cniConfDir());
            Optional<ProcessHandle> left = running(options);
            ProcessHandle process;
            if (left.isPresent()) {
                process = left.get();
                LOG.info("Took over containerd, pid {}, socket {}", process.pid(), options.socket());
            } else {
                Files.writeString(
                        options.config(), ContainerdConfig.toml(options, OverlayProbe.snapshotter(options.folder())));
                process = launch(options, binary, setsid);
                LOG.info("Started containerd, pid {}, socket {}", process.pid(), options.socket());
            }
            Containerd containerd = new Containerd(options, binary, setsid, process);
            awaitSocket(options, process);
            containerd.supervisor.start();
            return containerd;
        } catch (IOException e) {
            throw new ContainerdException(
                    "containerd cannot be started in " + options.folder() + ": " + e.getMessage(), e);
        }
    }

    private static Path require(String program, String packageName) {
        return CommandLine.find(program)
                .orElseThrow(() -> new ContainerdException(program + " is not installed: install the package "
                        + packageName + ", or give --container-runtime-endpoint"));
    }

    /** Where the CRI is served. */
    public Path socket() {
        return options.socket();
    }

    /** The process now running. */
    public long pid() {
        return process.pid();
    }

    /**
     * Waits until a runtime's socket accepts a connection.
     *
     * @throws ContainerdException when it does not within the time
     */
    public static void awaitSocket(Path socket, Duration timeout) throws InterruptedException {
        long end = System.nanoTime() + timeout.toNanos();
        String reason;
        do {
            reason = refusal(socket);
            if (reason == null) {
                return;
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        } while (System.nanoTime() < end);
        throw new ContainerdException("the container runtime does not answer at " + socket + ": " + reason);
    }

    private static void awaitSocket(ContainerdOptions options, ProcessHandle process) throws InterruptedException {
        long end = System.nanoTime() + options.startTimeout().toNanos();
        while (refusal(options.socket()) != null) {
            if (!process.isAlive()) {
                throw new ContainerdException("containerd ended at once: " + lastLogLine(options.log()));
            }
            if (System.nanoTime() > end) {
                throw new ContainerdException("containerd does not answer at " + options.socket() + " after "
                        + options.startTimeout().toSeconds() + " s, see " + options.log());
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
    }

    private static @Nullable String refusal(Path socket) {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            return channel.connect(UnixDomainSocketAddress.of(socket)) ? null : "not connected";
        } catch (IOException e) {
            return Files.exists(socket) ? e.getMessage() : "no such file";
        }
    }

    private static ProcessHandle launch(ContainerdOptions options, Path binary, Path setsid) throws IOException {
        Files.deleteIfExists(options.socket());
        ProcessHandle process = new ProcessBuilder(
                        setsid.toString(),
                        binary.toString(),
                        "--config",
                        options.config().toString())
                .directory(options.folder().toFile())
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(options.log().toFile()))
                .start()
                .toHandle();
        Files.writeString(options.pidFile(), process.pid() + "\n");
        return process;
    }

    /** The containerd that an earlier server started: alive, and with our configuration on its command line. */
    private static Optional<ProcessHandle> running(ContainerdOptions options) throws IOException {
        if (!Files.exists(options.pidFile())) {
            return Optional.empty();
        }
        String text = Files.readString(options.pidFile()).strip();
        if (!text.matches("[0-9]{1,10}")) {
            return Optional.empty();
        }
        Path commandLine = Path.of("/proc", text, "cmdline");
        if (!Files.exists(commandLine)
                || !Files.readString(commandLine, StandardCharsets.ISO_8859_1)
                        .contains(options.config().toString())) {
            return Optional.empty();
        }
        return ProcessHandle.of(Long.parseLong(text)).filter(ProcessHandle::isAlive);
    }

    private void supervise() {
        Duration backOff = FIRST_BACK_OFF;
        try {
            while (true) {
                long since = System.nanoTime();
                if (awaitEnd()) {
                    return;
                }
                boolean wasSteady = System.nanoTime() - since > STEADY_AFTER.toNanos();
                backOff = wasSteady ? FIRST_BACK_OFF : backOff;
                LOG.warn(
                        "containerd (pid {}) ended: started again in {} ms, containers are untouched",
                        process.pid(),
                        backOff.toMillis());
                if (isClosedWithin(backOff)) {
                    return;
                }
                backOff = backOff.multipliedBy(2).compareTo(LONGEST_BACK_OFF) > 0
                        ? LONGEST_BACK_OFF
                        : backOff.multipliedBy(2);
                relaunch();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void relaunch() throws InterruptedException {
        try {
            process = launch(options, binary, setsid);
            awaitSocket(options, process);
            LOG.info("Started containerd again, pid {}", process.pid());
        } catch (IOException | ContainerdException e) {
            LOG.error("containerd cannot be started again: {}", e.getMessage());
        }
    }

    /** True when we are closing, false when containerd ended by itself. */
    private boolean awaitEnd() throws InterruptedException {
        CompletableFuture<Object> either = CompletableFuture.anyOf(process.onExit(), closing);
        while (!closing.isDone() && process.isAlive()) {
            try {
                either.get(1, TimeUnit.MINUTES);
            } catch (TimeoutException e) {
                continue;
            } catch (ExecutionException e) {
                throw new IllegalStateException("cannot wait for a process", e);
            }
        }
        return closing.isDone();
    }

    private boolean isClosedWithin(Duration time) throws InterruptedException {
        try {
            closing.get(time.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException("cannot wait for the end", e);
        }
    }

    private static String lastLogLine(Path log) {
        try {
            List<String> lines = Files.readAllLines(log, StandardCharsets.UTF_8);
            return lines.isEmpty() ? "no output" : lines.getLast();
        } catch (IOException e) {
            return "see " + log;
        }
    }

    /** Ends containerd; containers go on. */
    @Override
    public void close() {
        closing.complete(null);
        try {
            if (!supervisor.join(STOP_TIMEOUT)) {
                LOG.warn("{} is still busy", supervisor.getName());
            }
            process.destroy();
            process.onExit().get(STOP_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
            Files.deleteIfExists(options.pidFile());
        } catch (TimeoutException e) {
            process.destroyForcibly();
            LOG.warn("containerd (pid {}) did not end within {} s: killed", process.pid(), STOP_TIMEOUT.toSeconds());
        } catch (ExecutionException | IOException e) {
            LOG.warn("containerd (pid {}) may still run: {}", process.pid(), e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

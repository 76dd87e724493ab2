// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Running components, ended in the reverse of the order they were started in. What was started together is ended together.
 *
 * <p>Owned by one thread, save {@link #close}, which any thread may call once starting is over. A component that does not
 * end within its time is left behind with a line in the log: the process is about to end anyway.
 */
final class ComponentStack implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ComponentStack.class);

    private final Deque<List<Running>> layers = new ArrayDeque<>();
    private final Duration closeTimeout;

    /**
     * How to start a component.
     *
     * @param name for threads and the log
     * @param starter starts it; what it returns ends it
     */
    record Component(String name, Starter starter) {}

    /** Starts something. */
    @FunctionalInterface
    interface Starter {
        AutoCloseable start() throws Exception;
    }

    private record Running(String name, AutoCloseable handle) {}

    /**
     * An empty stack.
     *
     * @param closeTimeout longest time that one layer may take to end
     */
    ComponentStack(Duration closeTimeout) {
        this.closeTimeout = closeTimeout;
    }

    /** Adds something that already runs. */
    void push(String name, AutoCloseable handle) {
        layers.push(List.of(new Running(name, handle)));
    }

    /**
     * Starts components at the same time and waits for all of them.
     *
     * @throws LaunchException with the reason of the first that failed; the others stay for {@link #close}
     */
    void startTogether(List<Component> components, Duration timeout) throws InterruptedException {
        List<FutureTask<AutoCloseable>> tasks = new ArrayList<>();
        for (Component component : components) {
            FutureTask<AutoCloseable> task = new FutureTask<>(component.starter()::start);
            tasks.add(task);
            Thread.ofVirtual().name("start-" + component.name()).start(task);
        }
        List<Running> layer = new ArrayList<>();
        LaunchException failure = null;
        long end = System.nanoTime() + timeout.toNanos();
        for (int i = 0; i < components.size(); i++) {
            String name = components.get(i).name();
            try {
                long left = Math.max(1, end - System.nanoTime());
                layer.add(new Running(name, tasks.get(i).get(left, TimeUnit.NANOSECONDS)));
            } catch (ExecutionException e) {
                Throwable cause = e.getCause();
                failure = failure == null ? failed(name, cause == null ? e : cause) : failure;
            } catch (TimeoutException e) {
                failure = failure == null
                        ? new LaunchException(name + " did not start within " + timeout.toSeconds() + " s", e)
                        : failure;
            }
        }
        layers.push(layer);
        if (failure != null) {
            throw failure;
        }
    }

    private static LaunchException failed(String name, Throwable cause) {
        if (cause instanceof LaunchException launch) {
            return launch;
        }
        String reason = cause.getMessage() == null ? cause.toString() : cause.getMessage();
        return new LaunchException(name + " cannot start: " + reason, cause);
    }

    /** Ends every layer, the newest first. */
    @Override
    public void close() {
        while (!layers.isEmpty()) {
            closeLayer(layers.pop());
        }
    }

    private void closeLayer(List<Running> layer) {
        List<Thread> threads = layer.stream()
                .map(running ->
                        Thread.ofVirtual().name("stop-" + running.name()).start(() -> end(running)))
                .toList();
        long end = System.nanoTime() + closeTimeout.toNanos();
        for (Thread thread : threads) {
            while (thread.isAlive() && System.nanoTime() < end) {
                joinUntil(thread, end);
            }
            if (thread.isAlive()) {
                LOG.warn("{} takes longer than {} s: left behind", thread.getName(), closeTimeout.toSeconds());
            }
        }
    }

    /** The signal to stop interrupts this thread; ending must not be cut short by it. */
    private static void joinUntil(Thread thread, long end) {
        try {
            boolean ended = thread.join(Duration.ofNanos(Math.max(1, end - System.nanoTime())));
            LOG.trace("{} ended: {}", thread.getName(), ended);
        } catch (InterruptedException e) {
            LOG.trace("Interrupted while {} ends", thread.getName());
        }
    }

    private static void end(Running running) {
        try {
            running.handle().close();
        } catch (Exception e) {
            LOG.warn("{} did not end cleanly: {}", running.name(), e.toString());
        }
    }
}

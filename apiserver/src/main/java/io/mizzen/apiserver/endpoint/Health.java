// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.endpoint;

import io.mizzen.apiserver.http.ApiRequest;
import io.mizzen.apiserver.http.ApiResponse;
import io.mizzen.apiserver.http.ApiResponse.Complete;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checks behind {@code /healthz}, {@code /livez} and {@code /readyz}, in upstream's text form. One that takes longer than two
 * seconds has failed, for whoever asks does not wait much longer. Thread-safe; each check has a thread {@code health-…} of its own.
 */
public final class Health {
    private static final Logger LOG = LoggerFactory.getLogger(Health.class);

    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private enum State {
        STARTING,
        RUNNING,
        STOPPING
    }

    private final Map<String, BooleanSupplier> checks = new LinkedHashMap<>();
    private volatile State state = State.STARTING;

    /** Adds a check; all are added before requests come. */
    public void add(String name, BooleanSupplier check) {
        synchronized (checks) {
            checks.put(name, check);
        }
    }

    /** The first objects are written. */
    public void started() {
        state = State.RUNNING;
    }

    /** The server is going: no longer ready, still alive. */
    public void stopping() {
        state = State.STOPPING;
    }

    /** Whether everything works. */
    public boolean isReady() {
        return state == State.RUNNING && failing(true, List.of()).isEmpty();
    }

    /** The answer of a health page; {@code /readyz} also asks whether the server has started and is not going. */
    ApiResponse answer(ApiRequest request) {
        boolean readiness = request.path().startsWith("/readyz");
        String page = request.path().split("/")[1];
        String only = request.path().substring(page.length() + 1).replaceFirst("^/", "");
        List<String> excluded = request.query().all("exclude");
        Map<String, Boolean> results = run(readiness, excluded);
        if (!only.isEmpty()) {
            Boolean result = results.get(only);
            if (result == null) {
                return Complete.text(404, "404 page not found\n");
            }
            return result
                    ? Complete.text(200, "ok")
                    : Complete.text(500, "internal server error: " + only + " failed\n");
        }
        List<String> failing = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        results.forEach((name, ok) -> {
            text.append(ok ? "[+]" + name + " ok\n" : "[-]" + name + " failed: reason withheld\n");
            if (!ok) {
                failing.add(name);
            }
        });
        if (!failing.isEmpty()) {
            return Complete.text(500, text + page + " check failed\n").with("X-Content-Type-Options", "nosniff");
        }
        return Complete.text(200, request.query().has("verbose") ? text + page + " check passed\n" : "ok");
    }

    private List<String> failing(boolean readiness, List<String> excluded) {
        List<String> failing = new ArrayList<>();
        run(readiness, excluded).forEach((name, ok) -> {
            if (!ok) {
                failing.add(name);
            }
        });
        return failing;
    }

    /** Runs the checks but for those that are excluded: what passes, by name. */
    Map<String, Boolean> run(boolean readiness, List<String> excluded) {
        Map<String, Boolean> results = new LinkedHashMap<>();
        results.put("ping", true);
        Map<String, BooleanSupplier> all;
        synchronized (checks) {
            all = new LinkedHashMap<>(checks);
        }
        excluded.forEach(all::remove);
        all.forEach((name, check) -> results.put(name, passes(name, check)));
        results.put("poststarthook/bootstrap", state != State.STARTING);
        if (readiness) {
            results.put("shutdown", state != State.STOPPING);
        }
        excluded.forEach(results::remove);
        return results;
    }

    private static boolean passes(String name, BooleanSupplier check) {
        FutureTask<Boolean> result = new FutureTask<>(check::getAsBoolean);
        Thread thread = Thread.ofVirtual().name("health-" + name).start(result);
        try {
            return result.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException failed) {
            thread.interrupt();
            LOG.debug("health check {} failed: {}", name, failed.toString());
            return false;
        } catch (InterruptedException stopped) {
            thread.interrupt();
            Thread.currentThread().interrupt();
            return false;
        }
    }
}

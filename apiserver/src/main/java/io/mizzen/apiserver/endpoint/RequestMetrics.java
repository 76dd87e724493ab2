// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.endpoint;

import io.micrometer.core.instrument.MeterRegistry;
import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.http.ApiRequest;
import io.mizzen.apiserver.http.ApiResponse;
import io.mizzen.apiserver.http.RequestInfo;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts requests under upstream's metric names. Thread-safe. */
final class RequestMetrics {
    private static final Logger LOG = LoggerFactory.getLogger(RequestMetrics.class);

    private final MeterRegistry registry;

    RequestMetrics(MeterRegistry registry) {
        this.registry = registry;
    }

    void count(RequestInfo info, ApiResponse response, Instant start, Instant end) {
        int code = switch (response) {
            case ApiResponse.Complete complete -> complete.code();
            case ApiResponse.Streamed streamed -> streamed.code();
            case ApiResponse.TakenOver taken -> 101;
        };
        String scope = info.namespace().isEmpty() ? "cluster" : info.name().isEmpty() ? "namespace" : "resource";
        String verb = info.verb().toUpperCase(Locale.ROOT);
        registry.counter(
                        "apiserver_request",
                        "verb",
                        verb,
                        "group",
                        info.group(),
                        "version",
                        info.version(),
                        "resource",
                        info.resource(),
                        "subresource",
                        info.subresource(),
                        "scope",
                        info.isResource() ? scope : "",
                        "code",
                        Integer.toString(code))
                .increment();
        if (!verb.equals("WATCH") && response instanceof ApiResponse.Complete) {
            registry.timer(
                            "apiserver_request_duration",
                            "verb",
                            verb,
                            "group",
                            info.group(),
                            "version",
                            info.version(),
                            "resource",
                            info.resource(),
                            "subresource",
                            info.subresource(),
                            "scope",
                            info.isResource() ? scope : "")
                    .record(Duration.between(start, end));
        }
    }

    /** A fault of the server: logged with its trace, answered without. */
    StatusException fault(ApiRequest request, Exception fault) {
        LOG.error("{} {} failed", request.method(), request.path(), fault);
        return StatusException.internal(String.valueOf(fault.getMessage()));
    }
}

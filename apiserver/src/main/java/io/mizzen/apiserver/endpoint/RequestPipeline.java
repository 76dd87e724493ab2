// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.endpoint;

import io.mizzen.api.status.StatusException;
import io.mizzen.api.status.StatusReason;
import io.mizzen.apiserver.authentication.Authenticator;
import io.mizzen.apiserver.authentication.UserInfo;
import io.mizzen.apiserver.authorization.Attributes;
import io.mizzen.apiserver.authorization.Authorizer;
import io.mizzen.apiserver.http.ApiRequest;
import io.mizzen.apiserver.http.ApiResponse;
import io.mizzen.apiserver.http.HttpFrontend;
import io.mizzen.apiserver.http.RequestInfo;
import io.mizzen.apiserver.registry.ResourceRegistry;
import io.mizzen.apiserver.registry.ServedResource;
import io.mizzen.apiserver.storage.CompactedException;
import io.mizzen.apiserver.storage.FutureRevisionException;
import io.mizzen.apiserver.storage.StorageException;
import io.mizzen.apiserver.storage.StorageReadOnlyException;
import io.mizzen.apiserver.storage.StorageUnavailableException;
import io.mizzen.apiserver.storage.ValueTooLargeException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * The journey of a request, top to bottom: what it asks for, who asks, whether there is room, whether it is allowed, and
 * then the verb. Every failure leaves here as a Status. Runs on the request's virtual thread.
 */
public final class RequestPipeline {
    private final Authenticator authenticator;
    private final Impersonation impersonation;
    private final InFlight inFlight;
    private final Authorizer authorizer;
    private final ResourceRegistry resources;
    private final ResourceHandler handler;
    private final RequestMetrics metrics;
    private final InstantSource clock;

    /** The stations of the way. */
    record Stations(
            Authenticator authenticator,
            Impersonation impersonation,
            InFlight inFlight,
            Authorizer authorizer,
            ResourceRegistry resources,
            ResourceHandler handler,
            RequestMetrics metrics,
            InstantSource clock) {}

    RequestPipeline(Stations stations) {
        this.authenticator = stations.authenticator();
        this.impersonation = stations.impersonation();
        this.inFlight = stations.inFlight();
        this.authorizer = stations.authorizer();
        this.resources = stations.resources();
        this.handler = stations.handler();
        this.metrics = stations.metrics();
        this.clock = stations.clock();
    }

    /** A page that is no resource: what answers it once the user is known and allowed. */
    @FunctionalInterface
    public interface Page {
        ApiResponse answer(ApiRequest request, UserInfo user) throws Exception;
    }

    /** Answers a request about a resource. */
    public ApiResponse handleResource(ApiRequest request) {
        return guarded(request, (info, user, warnings) -> {
            ServedResource resource = resources.find(info.group(), info.version(), info.resource());
            if (resource == null) {
                throw StatusException.noSuchPath();
            }
            String deprecation = resource.version().deprecationWarning();
            if (deprecation != null) {
                warnings.add(deprecation);
            }
            return handler.handle(new ResourceRequest(request, info, user, resource, clock.instant(), warnings));
        });
    }

    /** Answers a request for a page. */
    public ApiResponse handlePage(ApiRequest request, Page page) {
        return guarded(request, (info, user, warnings) -> page.answer(request, user));
    }

    /** The end of the way; it adds to the warnings. */
    @FunctionalInterface
    private interface Target {
        ApiResponse answer(RequestInfo info, UserInfo user, List<String> warnings) throws Exception;
    }

    private ApiResponse guarded(ApiRequest request, Target target) {
        Instant start = clock.instant();
        RequestInfo info = RequestInfo.of(request.method(), request.path(), request.query());
        List<String> warnings = new ArrayList<>();
        ApiResponse response;
        try {
            UserInfo authenticated = authenticator.authenticate(request);
            try (InFlight.Seat seat = inFlight.enter(info)) {
                UserInfo user = impersonation.userFor(request, authenticated, authorizer);
                authorize(user, info);
                response = target.answer(info, user, warnings);
            }
        } catch (StatusException failure) {
            response = HttpFrontend.statusResponse(failure);
        } catch (StorageException failure) {
            response = HttpFrontend.statusResponse(toStatus(failure));
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            response = HttpFrontend.statusResponse(
                    StatusException.of(StatusReason.ServiceUnavailable, "the server is shutting down"));
        } catch (Exception fault) {
            response = HttpFrontend.statusResponse(metrics.fault(request, fault));
        }
        metrics.count(info, response, start, clock.instant());
        return withHeaders(response, warnings);
    }

    private void authorize(UserInfo user, RequestInfo info) {
        Attributes attributes = Attributes.of(user, info);
        Authorizer.Decision decision = authorizer.authorize(attributes);
        if (decision.allowed()) {
            return;
        }
        String reason = decision.reason().isEmpty() ? "" : ": " + decision.reason();
        throw StatusException.forbidden(
                new io.mizzen.api.name.GroupResource(info.group(), info.resource()),
                info.name(),
                attributes.refusal() + reason);
    }

    /** The answers to storage that does not do what is asked. */
    static StatusException toStatus(StorageException failure) {
        String message = String.valueOf(failure.getMessage());
        return switch (failure) {
            case CompactedException compacted ->
                StatusException.of(StatusReason.Expired, "The resourceVersion for the provided list is too old.");
            case FutureRevisionException future ->
                StatusException.of(
                                StatusReason.Timeout,
                                "Too large resource version: " + future.requested() + ", current: " + future.current())
                        .withRetryAfter(1);
            case StorageReadOnlyException readOnly -> StatusException.internal(message);
            case StorageUnavailableException unavailable -> StatusException.internal(message);
            case ValueTooLargeException tooLarge -> StatusException.of(StatusReason.RequestEntityTooLarge, message);
        };
    }

    private static ApiResponse withHeaders(ApiResponse response, List<String> warnings) {
        Map<String, List<String>> headers = ApiRequest.headerMap();
        headers.put("Audit-Id", List.of(UUID.randomUUID().toString()));
        if (!warnings.isEmpty()) {
            headers.put("Warning", WarningHeaders.of(warnings));
        }
        return switch (response) {
            case ApiResponse.Complete complete -> {
                headers.putAll(complete.headers());
                yield new ApiResponse.Complete(complete.code(), complete.contentType(), headers, complete.body());
            }
            case ApiResponse.Streamed streamed -> {
                headers.putAll(streamed.headers());
                yield new ApiResponse.Streamed(streamed.code(), streamed.contentType(), headers, streamed.producer());
            }
            case ApiResponse.TakenOver taken -> taken;
        };
    }
}

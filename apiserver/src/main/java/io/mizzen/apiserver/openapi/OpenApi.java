// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.openapi;

import io.mizzen.api.catalog.ResourceDefinition;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * The answers below {@code /openapi} for a fixed set of resources; made anew when custom resources change. Safe for any
 * thread.
 */
public final class OpenApi {
    private static final String V3 = "/openapi/v3/";

    private final OpenApiV2 second;
    private final OpenApiV3 third;

    /**
     * A ready answer.
     *
     * @param body bytes; do not modify
     * @param contentType value of Content-Type
     * @param etag value of ETag, empty if none
     */
    public record Answer(byte[] body, String contentType, String etag) {
        @Override
        public String toString() {
            return contentType + " of " + body.length + " bytes";
        }
    }

    private OpenApi(OpenApiV2 second, OpenApiV3 third) {
        this.second = second;
        this.third = third;
    }

    /**
     * Descriptions of these resources.
     *
     * @param serverVersion as {@code /version} tells it
     */
    public static OpenApi of(Collection<ResourceDefinition> resources, String serverVersion) {
        return new OpenApi(OpenApiV2.of(resources, serverVersion), OpenApiV3.of(resources, serverVersion));
    }

    /**
     * The answer at a path.
     *
     * @param path without query
     * @param accept the request's Accept header, may be empty
     * @return null when nothing is described there
     */
    public @Nullable Answer answer(String path, String accept) {
        if (path.equals("/openapi/v2")) {
            // Clients that take both say JSON too, and are content with it.
            boolean protobuf = accept.contains("proto-openapi.spec.v2") && !accept.contains("application/json");
            return protobuf
                    ? new Answer(second.protobuf(), OpenApiV2.PROTOBUF, "")
                    : new Answer(second.json(), "application/json", "");
        }
        if (path.equals("/openapi/v3") || path.equals(V3)) {
            return new Answer(third.index(), "application/json", "");
        }
        if (!path.startsWith(V3)) {
            return null;
        }
        String document = path.substring(V3.length());
        byte[] body = third.document(document);
        return body == null ? null : new Answer(body, "application/json", '"' + third.hash(document) + '"');
    }
}

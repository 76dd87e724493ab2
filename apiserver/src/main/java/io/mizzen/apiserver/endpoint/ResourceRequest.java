// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.endpoint;

import io.mizzen.apiserver.authentication.UserInfo;
import io.mizzen.apiserver.http.ApiRequest;
import io.mizzen.apiserver.http.Query;
import io.mizzen.apiserver.http.RequestInfo;
import io.mizzen.apiserver.registry.ServedResource;
import io.mizzen.apiserver.registry.WriteContext;
import java.time.Instant;
import java.util.List;

/**
 * An authorised request about a resource.
 *
 * @param http the request as it came
 * @param info what it asks for
 * @param user who asks
 * @param resource the resource it is about
 * @param now time of arrival
 * @param warnings texts for Warning headers; filled on the way
 */
public record ResourceRequest(
        ApiRequest http, RequestInfo info, UserInfo user, ServedResource resource, Instant now, List<String> warnings) {

    public Query query() {
        return http.query();
    }

    public String namespace() {
        return resource.namespaced() ? info.namespace() : "";
    }

    public String name() {
        return info.name();
    }

    /** The circumstances of the write that this request is. */
    public WriteContext writeContext(boolean apply) {
        return new WriteContext(user, fieldManager(), isDryRun(), info.subresource(), apply, now, warnings);
    }

    /** {@code dryRun=All}. */
    public boolean isDryRun() {
        return query().all("dryRun").contains("All");
    }

    /** The query's {@code fieldManager}, else the program's name from User-Agent, as upstream takes it. */
    public String fieldManager() {
        String manager = query().text("fieldManager");
        if (!manager.isEmpty()) {
            return manager;
        }
        String agent = http.header("User-Agent");
        int slash = agent.indexOf('/');
        String program = slash < 0 ? agent : agent.substring(0, slash);
        return program.isEmpty() ? "unknown" : program.substring(0, Math.min(program.length(), 128));
    }
}

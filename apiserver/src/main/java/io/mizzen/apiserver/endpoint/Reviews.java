// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.endpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.authentication.Authenticator;
import io.mizzen.apiserver.authentication.UserInfo;
import io.mizzen.apiserver.authorization.Attributes;
import io.mizzen.apiserver.authorization.Authorizer;
import io.mizzen.apiserver.authorization.RbacAuthorizer;
import io.mizzen.apiserver.http.ApiResponse;
import io.mizzen.apiserver.registry.Metadata;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Kinds that ask a question and are not persisted: access reviews, token reviews, who am I. Thread-safe. */
final class Reviews {
    private final Authorizer authorizer;
    private final RbacAuthorizer rules;
    private final Authenticator authenticator;

    Reviews(Authorizer authorizer, RbacAuthorizer rules, Authenticator authenticator) {
        this.authorizer = authorizer;
        this.rules = rules;
        this.authenticator = authenticator;
    }

    ApiResponse review(ResourceRequest request) {
        var resource = request.resource();
        ObjectNode review = RequestBody.object(request, RequestBody.parse(request.http()));
        ObjectTree.metadata(review).put("creationTimestamp", Metadata.time(request.now()));
        ObjectNode status = ObjectTree.child(review, "status").removeAll();
        JsonNode spec = review.path("spec");
        switch (resource.definition().plural()) {
            case "selfsubjectreviews" -> status.set("userInfo", user(request.user()));
            case "tokenreviews" -> reviewToken(spec, status);
            case "selfsubjectaccessreviews" -> decide(request.user(), spec, "", status);
            case "subjectaccessreviews" -> decide(subject(spec), spec, "", status);
            case "localsubjectaccessreviews" -> decide(subject(spec), spec, request.namespace(), status);
            case "selfsubjectrulesreviews" ->
                rules.describe(request.user(), spec.path("namespace").asText(""), status);
            default -> throw StatusException.noSuchPath();
        }
        return WriteVerbs.json(201, review);
    }

    private static ObjectNode user(UserInfo user) {
        ObjectNode info = JsonNodeFactory.instance.objectNode();
        info.put("username", user.name());
        if (!user.uid().isEmpty()) {
            info.put("uid", user.uid());
        }
        var groups = info.putArray("groups");
        user.groups().forEach(groups::add);
        if (!user.extra().isEmpty()) {
            ObjectNode extra = info.putObject("extra");
            user.extra().forEach((key, values) -> {
                var list = extra.putArray(key);
                values.forEach(list::add);
            });
        }
        return info;
    }

    private void reviewToken(JsonNode spec, ObjectNode status) {
        List<String> audiences = ObjectTree.texts(spec.path("audiences"));
        UserInfo user = authenticator.authenticateToken(spec.path("token").asText(""), audiences);
        if (user == null) {
            status.putObject("user");
            status.put("error", "[invalid bearer token]");
            return;
        }
        status.put("authenticated", true);
        status.set("user", user(user));
        var list = status.putArray("audiences");
        audiences.forEach(list::add);
    }

    private static UserInfo subject(JsonNode spec) {
        Map<String, List<String>> extra = new HashMap<>();
        spec.path("extra").properties().forEach(entry -> extra.put(entry.getKey(), ObjectTree.texts(entry.getValue())));
        return new UserInfo(
                spec.path("user").asText(""),
                spec.path("uid").asText(""),
                ObjectTree.texts(spec.path("groups")),
                extra);
    }

    private void decide(UserInfo user, JsonNode spec, String namespace, ObjectNode status) {
        JsonNode resource = spec.path("resourceAttributes");
        JsonNode path = spec.path("nonResourceAttributes");
        if (resource.isMissingNode() == path.isMissingNode()) {
            throw StatusException.badRequest(
                    "exactly one of nonResourceAttributes or resourceAttributes must be specified");
        }
        String asked = resource.path("namespace").asText("");
        if (!namespace.isEmpty() && !asked.equals(namespace)) {
            throw StatusException.badRequest("spec.resourceAttributes.namespace must match namespace: " + namespace);
        }
        Attributes attributes = new Attributes(
                user,
                resource.path("verb").asText(path.path("verb").asText("")),
                !resource.isMissingNode(),
                resource.path("group").asText(""),
                resource.path("version").asText(""),
                resource.path("resource").asText(""),
                resource.path("subresource").asText(""),
                asked,
                resource.path("name").asText(""),
                path.path("path").asText(""));
        Authorizer.Decision decision = authorizer.authorize(attributes);
        status.put("allowed", decision.allowed());
        if (!decision.reason().isEmpty()) {
            status.put("reason", decision.reason());
        }
    }
}

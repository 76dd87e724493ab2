// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.endpoint;

import io.mizzen.api.name.GroupResource;
import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.authentication.UserInfo;
import io.mizzen.apiserver.authorization.Attributes;
import io.mizzen.apiserver.authorization.Authorizer;
import io.mizzen.apiserver.http.ApiRequest;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Acting as somebody else by {@code Impersonate-*} headers (API page "User impersonation"). Stateless. */
final class Impersonation {
    private static final String EXTRA = "impersonate-extra-";

    /** The user whom the request is done as. */
    UserInfo userFor(ApiRequest request, UserInfo authenticated, Authorizer authorizer) {
        String name = request.header("Impersonate-User");
        List<String> groups = request.headers().getOrDefault("Impersonate-Group", List.of());
        if (name.isEmpty()) {
            if (!groups.isEmpty() || !request.header("Impersonate-Uid").isEmpty()) {
                throw StatusException.badRequest(
                        "requested [{Group  " + String.join(",", groups) + "}] without impersonating a user");
            }
            return authenticated;
        }
        List<String> effective = new ArrayList<>(groups);
        String[] account = name.split(":");
        boolean isAccount = account.length == 4 && name.startsWith("system:serviceaccount:");
        if (isAccount) {
            check(authorizer, authenticated, "", "serviceaccounts", account[2], account[3]);
            if (effective.isEmpty()) {
                effective.add("system:serviceaccounts");
                effective.add("system:serviceaccounts:" + account[2]);
            }
        } else {
            check(authorizer, authenticated, "", "users", "", name);
        }
        groups.forEach(group -> check(authorizer, authenticated, "", "groups", "", group));
        Map<String, List<String>> extra = new HashMap<>();
        request.headers().forEach((header, values) -> {
            if (header.toLowerCase(Locale.ROOT).startsWith(EXTRA)) {
                String key = URLDecoder.decode(
                        header.substring(EXTRA.length()).toLowerCase(Locale.ROOT), StandardCharsets.UTF_8);
                values.forEach(value ->
                        check(authorizer, authenticated, "authentication.k8s.io", "userextras/" + key, "", value));
                extra.put(key, List.copyOf(values));
            }
        });
        String uid = request.header("Impersonate-Uid");
        if (!uid.isEmpty()) {
            check(authorizer, authenticated, "authentication.k8s.io", "uids", "", uid);
        }
        boolean anonymous = name.equals(UserInfo.ANONYMOUS.name());
        String everybody = anonymous ? UserInfo.UNAUTHENTICATED : UserInfo.AUTHENTICATED;
        if (!effective.contains(everybody)) {
            effective.add(everybody);
        }
        return new UserInfo(name, uid, effective, extra);
    }

    private static void check(
            Authorizer authorizer, UserInfo user, String group, String resource, String namespace, String name) {
        String[] parts = resource.split("/", 2);
        Attributes attributes = new Attributes(
                user,
                "impersonate",
                true,
                group,
                "v1",
                parts[0],
                parts.length > 1 ? parts[1] : "",
                namespace,
                name,
                "");
        if (!authorizer.authorize(attributes).allowed()) {
            throw StatusException.forbidden(new GroupResource(group, resource), name, attributes.refusal());
        }
    }
}

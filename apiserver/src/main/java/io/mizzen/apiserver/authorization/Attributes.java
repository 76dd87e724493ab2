// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.authorization;

import io.mizzen.apiserver.authentication.UserInfo;
import io.mizzen.apiserver.http.RequestInfo;

/**
 * What somebody wants to do.
 *
 * @param user who
 * @param verb API verb, or lower-case method for other paths
 * @param isResource whether it is about a resource
 * @param group API group
 * @param version API version
 * @param resource plural
 * @param subresource empty if none
 * @param namespace empty for cluster-scoped
 * @param name empty for collections
 * @param path URL path, for requests that are not about a resource
 */
public record Attributes(
        UserInfo user,
        String verb,
        boolean isResource,
        String group,
        String version,
        String resource,
        String subresource,
        String namespace,
        String name,
        String path) {

    public static Attributes of(UserInfo user, RequestInfo info) {
        return new Attributes(
                user,
                info.verb(),
                info.isResource(),
                info.group(),
                info.version(),
                info.resource(),
                info.subresource(),
                info.namespace(),
                info.name(),
                info.path());
    }

    public String qualifiedResource() {
        return subresource.isEmpty() ? resource : resource + "/" + subresource;
    }

    /** The text of a refusal, as upstream words it. */
    public String refusal() {
        if (!isResource) {
            return "User \"" + user.name() + "\" cannot " + verb + " path \"" + path + "\"";
        }
        String text = "User \"" + user.name() + "\" cannot " + verb + " resource \"" + qualifiedResource()
                + "\" in API group \"" + group + "\"";
        return namespace.isEmpty() ? text + " at the cluster scope" : text + " in the namespace \"" + namespace + "\"";
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.create;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.rest.ResourceType;
import io.mizzen.kubectl.tree.Json;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/** {@code kubectl create role|clusterrole|rolebinding|clusterrolebinding|serviceaccount}. */
public final class CreateAccess {
    private static final String GROUP = "rbac.authorization.k8s.io";

    private CreateAccess() {}

    /** {@code create role} and {@code create clusterrole}. */
    public static final class Role extends Generator {
        private final boolean cluster;

        /** @param cluster whether a ClusterRole is made */
        public Role(boolean cluster) {
            super(
                    cluster ? "clusterroles" : "roles",
                    !cluster,
                    "resource:l= resource-name:a= verb:l="
                            + (cluster ? " aggregation-rule:s= non-resource-url:l=" : ""));
            this.cluster = cluster;
        }

        @Override
        ObjectNode build(Invocation call, String name) {
            Flags flags = call.flags();
            ObjectNode object = object(cluster ? "ClusterRole" : "Role", GROUP + "/v1", name);
            String aggregation = flags.text("aggregation-rule");
            if (!aggregation.isEmpty()) {
                object.putNull("rules");
                ObjectNode labels = pairs(List.of(aggregation.split(",")), "invalid label selector");
                Json.child(object, "aggregationRule")
                        .putArray("clusterRoleSelectors")
                        .addObject()
                        .set("matchLabels", labels);
                return object;
            }
            List<String> verbs = List.copyOf(new LinkedHashSet<>(flags.list("verb")));
            if (verbs.isEmpty()) {
                throw CommandFailure.error("at least one verb must be specified");
            }
            List<String> urls = flags.list("non-resource-url");
            if (flags.list("resource").isEmpty() && urls.isEmpty()) {
                throw CommandFailure.error(
                        cluster
                                ? "one of resource or nonResourceURL must be specified"
                                : "at least one resource must be specified");
            }
            ArrayNode rules = object.putArray("rules");
            rules(call, verbs, rules);
            if (!urls.isEmpty()) {
                ObjectNode rule = rules.addObject();
                texts(rule.putArray("verbs"), verbs);
                texts(rule.putArray("nonResourceURLs"), urls);
            }
            return object;
        }

        private static void rules(Invocation call, List<String> verbs, ArrayNode rules) {
            Map<String, ArrayNode> byGroup = new LinkedHashMap<>();
            for (String word : call.flags().list("resource")) {
                int slash = word.indexOf('/');
                String resource = slash < 0 ? word : word.substring(0, slash);
                String sub = slash < 0 ? "" : word.substring(slash);
                String group = "";
                String plural = resource;
                if (!resource.equals("*")) {
                    ResourceType type = call.mapper()
                            .optional(resource)
                            .orElseThrow(() -> CommandFailure.error(
                                    "the server doesn't have a resource type \"" + resource + "\""));
                    group = type.group();
                    plural = type.plural();
                }
                byGroup.computeIfAbsent(group, _ -> Json.array()).add(plural + sub);
            }
            byGroup.forEach((group, resources) -> {
                ObjectNode rule = rules.addObject();
                texts(rule.putArray("verbs"), verbs);
                rule.putArray("apiGroups").add(group);
                rule.set("resources", resources);
                if (!call.flags().list("resource-name").isEmpty()) {
                    texts(rule.putArray("resourceNames"), call.flags().list("resource-name"));
                }
            });
        }
    }

    private static void texts(ArrayNode array, List<String> texts) {
        texts.forEach(array::add);
    }

    /** {@code create rolebinding} and {@code create clusterrolebinding}. */
    public static final class Binding extends Generator {
        private final boolean cluster;

        /** @param cluster whether a ClusterRoleBinding is made */
        public Binding(boolean cluster) {
            super(
                    cluster ? "clusterrolebindings" : "rolebindings",
                    !cluster,
                    "clusterrole:s= group:l= serviceaccount:l= user:l=" + (cluster ? "" : " role:s="));
            this.cluster = cluster;
        }

        @Override
        List<String> requiredFlags() {
            return cluster ? List.of("clusterrole") : List.of();
        }

        @Override
        ObjectNode build(Invocation call, String name) {
            Flags flags = call.flags();
            String role = flags.text("role");
            String clusterRole = flags.text("clusterrole");
            if (role.isEmpty() == clusterRole.isEmpty()) {
                throw CommandFailure.error("exactly one of clusterrole or role must be specified");
            }
            ObjectNode object = object(cluster ? "ClusterRoleBinding" : "RoleBinding", GROUP + "/v1", name);
            ArrayNode subjects = Json.array();
            for (String user : flags.list("user")) {
                subjects.addObject().put("kind", "User").put("apiGroup", GROUP).put("name", user);
            }
            for (String group : flags.list("group")) {
                subjects.addObject().put("kind", "Group").put("apiGroup", GROUP).put("name", group);
            }
            for (String account : flags.list("serviceaccount")) {
                int colon = account.indexOf(':');
                if (colon <= 0 || colon == account.length() - 1) {
                    throw CommandFailure.error("serviceaccount must be <namespace>:<name>");
                }
                subjects.addObject()
                        .put("kind", "ServiceAccount")
                        .put("name", account.substring(colon + 1))
                        .put("namespace", account.substring(0, colon));
            }
            if (!subjects.isEmpty()) {
                object.set("subjects", subjects);
            }
            object.putObject("roleRef")
                    .put("apiGroup", GROUP)
                    .put("kind", role.isEmpty() ? "ClusterRole" : "Role")
                    .put("name", role.isEmpty() ? clusterRole : role);
            return object;
        }
    }

    /** {@code create serviceaccount}. */
    public static final class ServiceAccount extends Generator {
        /** Made for one call. */
        public ServiceAccount() {
            super("serviceaccounts", true, "");
        }

        @Override
        ObjectNode build(Invocation call, String name) {
            return object("ServiceAccount", "v1", name);
        }
    }
}

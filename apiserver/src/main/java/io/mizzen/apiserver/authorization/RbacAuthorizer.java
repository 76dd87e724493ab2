// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.authorization;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.apiserver.authentication.UserInfo;
import io.mizzen.apiserver.registry.ObjectCodec;
import io.mizzen.apiserver.storage.cache.AwaitResult;
import io.mizzen.apiserver.storage.cache.CachedObject;
import io.mizzen.apiserver.storage.cache.ListRequest;
import io.mizzen.apiserver.storage.cache.ListResult;
import io.mizzen.apiserver.storage.cache.ObjectCache;
import io.mizzen.apiserver.storage.cache.ResourceKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Role-based access control on the roles and bindings in the watch cache (API page "Using RBAC Authorization"). Parsed
 * objects are remembered by key and revision, so that a request costs comparisons only. Thread-safe.
 */
public final class RbacAuthorizer implements Authorizer {
    private static final String GROUP = "rbac.authorization.k8s.io";
    private static final ResourceKey ROLES = new ResourceKey(GROUP, "roles");
    private static final ResourceKey CLUSTER_ROLES = new ResourceKey(GROUP, "clusterroles");
    private static final ResourceKey ROLE_BINDINGS = new ResourceKey(GROUP, "rolebindings");
    private static final ResourceKey CLUSTER_ROLE_BINDINGS = new ResourceKey(GROUP, "clusterrolebindings");

    private final ObjectCache cache;
    private final Map<String, Parsed> parsed = new ConcurrentHashMap<>();

    /** A role or binding as read at a revision. */
    private record Parsed(long revision, @Nullable Binding binding, List<Rule> rules) {}

    /** A binding without the rules it gives. */
    private record Binding(String name, String namespace, List<Subject> subjects, String roleKind, String roleName) {}

    private record Subject(String kind, String name, String namespace) {
        boolean matches(UserInfo user, String bindingNamespace) {
            return switch (kind) {
                case "User" -> user.name().equals(name);
                case "Group" -> user.isIn(name);
                case "ServiceAccount" ->
                    user.name()
                            .equals("system:serviceaccount:" + (namespace.isEmpty() ? bindingNamespace : namespace)
                                    + ":" + name);
                default -> false;
            };
        }

        String describe() {
            return kind + " \"" + (kind.equals("ServiceAccount") ? name + "/" + namespace : name) + "\"";
        }
    }

    public RbacAuthorizer(ObjectCache cache) {
        this.cache = cache;
    }

    @Override
    public Decision authorize(Attributes attributes) {
        if (attributes.user().isIn(UserInfo.MASTERS)) {
            return new Decision(true, "");
        }
        Decision[] found = {Decision.NO_OPINION};
        boolean allowed = visit(attributes.user(), attributes.namespace(), (binding, subject, rules) -> {
            for (Rule rule : rules) {
                if (rule.allows(attributes)) {
                    String kind = binding.namespace().isEmpty() ? "ClusterRoleBinding" : "RoleBinding";
                    String where = binding.namespace().isEmpty() ? "" : "/" + binding.namespace();
                    found[0] = new Decision(
                            true,
                            "RBAC: allowed by " + kind + " \"" + binding.name() + where + "\" of "
                                    + binding.roleKind() + " \"" + binding.roleName() + "\" to "
                                    + subject.describe());
                    return true;
                }
            }
            return false;
        });
        return allowed ? found[0] : Decision.NO_OPINION;
    }

    private interface Visitor {
        boolean visit(Binding binding, Subject subject, List<Rule> rules);
    }

    /** Visits the rules a user has in a namespace until the visitor says enough. */
    private boolean visit(UserInfo user, String namespace, Visitor visitor) {
        for (CachedObject object : list(CLUSTER_ROLE_BINDINGS, "")) {
            if (visitBinding(user, object, visitor)) {
                return true;
            }
        }
        if (!namespace.isEmpty()) {
            for (CachedObject object : list(ROLE_BINDINGS, namespace)) {
                if (visitBinding(user, object, visitor)) {
                    return true;
                }
            }
        }
        return false;
    }

    private boolean visitBinding(UserInfo user, CachedObject object, Visitor visitor) {
        Binding binding = parse(object).binding();
        if (binding == null) {
            return false;
        }
        for (Subject subject : binding.subjects()) {
            if (subject.matches(user, binding.namespace())) {
                return visitor.visit(
                        binding,
                        subject,
                        rules(binding.roleKind(), binding.namespace(), binding.roleName())
                                .orElse(List.of()));
            }
        }
        return false;
    }

    private List<CachedObject> list(ResourceKey resource, String namespace) {
        ListRequest request = namespace.isEmpty() ? ListRequest.all(resource) : ListRequest.in(resource, namespace);
        return cache.list(request) instanceof ListResult.Listed listed ? listed.items() : List.of();
    }

    /** Waits until the cache shows every role and binding that was written before; whether it does in the given time. */
    boolean awaitCurrent(Duration timeout) {
        try {
            return cache.awaitCurrent(timeout) instanceof AwaitResult.Reached;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** All rules a user has in a namespace, or cluster-wide when that is empty. */
    List<Rule> rulesFor(UserInfo user, String namespace) {
        List<Rule> held = new ArrayList<>();
        visit(user, namespace, (binding, subject, rules) -> {
            held.addAll(rules);
            return false;
        });
        return held;
    }

    /** The rules of a Role in the namespace or of a ClusterRole; empty when there is none of that name. */
    Optional<List<Rule>> rules(String kind, String namespace, String name) {
        boolean clusterWide = kind.equals("ClusterRole");
        String key = clusterWide ? "/registry/clusterroles/" + name : "/registry/roles/" + namespace + "/" + name;
        return Optional.ofNullable(cache.get(clusterWide ? CLUSTER_ROLES : ROLES, key))
                .map(role -> parse(role).rules());
    }

    private Parsed parse(CachedObject object) {
        Parsed known = parsed.get(object.key());
        if (known != null && known.revision() == object.revision()) {
            return known;
        }
        ObjectNode tree = ObjectCodec.parse(object.json());
        List<Rule> rules = new ArrayList<>();
        tree.path("rules").forEach(rule -> rules.add(Rule.of(rule)));
        Binding binding = tree.has("roleRef") ? binding(tree) : null;
        Parsed fresh = new Parsed(object.revision(), binding, rules);
        if (parsed.size() > 10_000) {
            parsed.clear();
        }
        parsed.put(object.key(), fresh);
        return fresh;
    }

    private static Binding binding(ObjectNode tree) {
        List<Subject> subjects = new ArrayList<>();
        for (JsonNode subject : tree.path("subjects")) {
            subjects.add(new Subject(
                    subject.path("kind").asText(),
                    subject.path("name").asText(),
                    subject.path("namespace").asText("")));
        }
        return new Binding(
                ObjectTree.name(tree),
                ObjectTree.namespace(tree),
                subjects,
                ObjectTree.text(tree, "roleRef", "kind"),
                ObjectTree.text(tree, "roleRef", "name"));
    }

    /** Writes all rules of a user in a namespace into the status of a SelfSubjectRulesReview. */
    public void describe(UserInfo user, String namespace, ObjectNode status) {
        ArrayNode resources = status.putArray("resourceRules");
        ArrayNode paths = status.putArray("nonResourceRules");
        Consumer<Rule> write = rule -> rule.describe(resources, paths);
        if (user.isIn(UserInfo.MASTERS)) {
            write.accept(Rule.EVERYTHING);
            write.accept(Rule.EVERY_PATH);
        }
        visit(user, namespace, (binding, subject, rules) -> {
            rules.forEach(write);
            return false;
        });
        status.put("incomplete", false);
    }
}

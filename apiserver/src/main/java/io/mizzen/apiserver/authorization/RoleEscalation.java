// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.authorization;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.api.name.GroupResource;
import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.authentication.UserInfo;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/**
 * Nobody gives on rights that he does not hold, unless he may {@code escalate} the role or {@code bind} it (API page "Using RBAC
 * Authorization", privilege escalation prevention). Answers are why not, or empty. Thread-safe.
 */
public final class RoleEscalation {
    private static final String GROUP = "rbac.authorization.k8s.io";
    private static final Duration CACHE_WAIT = Duration.ofSeconds(3);

    private final RbacAuthorizer rbac;
    private final Authorizer authorizer;

    /**
     * @param rbac knows which rules a user holds
     * @param authorizer decides on the verbs {@code escalate} and {@code bind}
     */
    public RoleEscalation(RbacAuthorizer rbac, Authorizer authorizer) {
        this.rbac = rbac;
        this.authorizer = authorizer;
    }

    /** Whether a user may write any rules into a role: {@code roles} in a namespace, or {@code clusterroles}. */
    public boolean mayEscalate(UserInfo user, String plural, String namespace, String name) {
        return isMaster(user) || may(user, "escalate", plural, namespace, name);
    }

    /** Why a user may not write these rules. */
    public String refusalOfRules(UserInfo user, String namespace, JsonNode rules) {
        return refusal(user, namespace, parse(rules));
    }

    /** Whether a user holds every right there is. */
    public boolean holdsEverything(UserInfo user) {
        return refusal(user, "", List.of(Rule.EVERYTHING, Rule.EVERY_PATH)).isEmpty();
    }

    /**
     * Why a user may not bind this role.
     *
     * @param namespace of the binding, empty for a ClusterRoleBinding
     * @throws StatusException 404 when there is no such role
     */
    public String refusalToBind(UserInfo user, String namespace, String kind, String name) {
        String plural = kind.equals("ClusterRole") ? "clusterroles" : "roles";
        if (isMaster(user) || may(user, "bind", plural, namespace, name)) {
            return "";
        }
        readCurrent();
        List<Rule> rules = rbac.rules(kind, namespace, name)
                .orElseThrow(() -> StatusException.notFound(new GroupResource(GROUP, plural), name));
        return refusal(user, namespace, rules);
    }

    private static boolean isMaster(UserInfo user) {
        return user.isIn(UserInfo.MASTERS);
    }

    private boolean may(UserInfo user, String verb, String plural, String namespace, String name) {
        return authorizer
                .authorize(new Attributes(user, verb, true, GROUP, "v1", plural, "", namespace, name, ""))
                .allowed();
    }

    /** Rights that were taken away, or put into a role, a moment ago count. */
    private void readCurrent() {
        if (!rbac.awaitCurrent(CACHE_WAIT)) {
            throw StatusException.internal("roles and bindings cannot be read as they are now");
        }
    }

    private String refusal(UserInfo user, String namespace, List<Rule> wanted) {
        readCurrent();
        List<Rule> missing = missing(rbac.rulesFor(user, namespace), wanted);
        if (missing.isEmpty()) {
            return "";
        }
        String groups = user.groups().stream().map(group -> '"' + group + '"').collect(Collectors.joining(" "));
        return "user \"" + user.name() + "\" (groups=[" + groups
                + "]) is attempting to grant RBAC permissions not currently held:\n"
                + missing.stream().map(Rule::compact).collect(Collectors.toCollection(TreeSet::new)).stream()
                        .collect(Collectors.joining("\n"));
    }

    private static List<Rule> parse(JsonNode rules) {
        return StreamSupport.stream(rules.spliterator(), false).map(Rule::of).toList();
    }

    /** What {@code held} does not cover of {@code wanted}: in single parts, those of one resource put together. Pure. */
    static List<Rule> missing(List<Rule> held, List<Rule> wanted) {
        Map<Rule, List<String>> verbs = new LinkedHashMap<>();
        for (Rule rule : wanted) {
            for (Rule part : rule.parts()) {
                if (held.stream().noneMatch(each -> each.covers(part))) {
                    verbs.computeIfAbsent(part.withVerbs(List.of()), none -> new ArrayList<>())
                            .addAll(part.verbs());
                }
            }
        }
        return verbs.entrySet().stream()
                .map(each -> each.getKey().withVerbs(distinct(each.getValue())))
                .toList();
    }

    private static List<String> distinct(Collection<String> values) {
        return values.stream().distinct().toList();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.authorization;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.meta.PodReferences;
import io.mizzen.apiserver.registry.ObjectCodec;
import io.mizzen.apiserver.storage.cache.CachedObject;
import io.mizzen.apiserver.storage.cache.FieldMatch;
import io.mizzen.apiserver.storage.cache.ListRequest;
import io.mizzen.apiserver.storage.cache.ListResult;
import io.mizzen.apiserver.storage.cache.ObjectCache;
import io.mizzen.apiserver.storage.cache.ResourceKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a kubelet may do: the rules of the role {@code system:node}, and of Secrets, ConfigMaps and service account tokens
 * only those that a pod on its node uses, and the local volumes it keeps (API page "Using Node Authorization"). Thread-safe.
 */
public final class NodeAuthorizer implements Authorizer {
    private static final String NODES = "system:nodes";
    private static final String PREFIX = "system:node:";
    private static final ResourceKey PODS = new ResourceKey("", "pods");
    private static final ResourceKey VOLUMES = new ResourceKey("", "persistentvolumes");
    private static final String MIRROR = "kubernetes.io/config.mirror";
    private static final String LOCAL_PATH = "mizzen.io/local-path";
    private static final Set<String> GUARDED = Set.of("secrets", "configmaps");

    private final ObjectCache cache;
    private final List<Rule> rules = new ArrayList<>();

    /**
     * @param nodeRole the ClusterRole {@code system:node}
     */
    public NodeAuthorizer(ObjectCache cache, JsonNode nodeRole) {
        this.cache = cache;
        nodeRole.path("rules").forEach(rule -> rules.add(Rule.of(rule)));
    }

    @Override
    public Decision authorize(Attributes attributes) {
        String user = attributes.user().name();
        if (!user.startsWith(PREFIX) || !attributes.user().isIn(NODES)) {
            return Decision.NO_OPINION;
        }
        String node = user.substring(PREFIX.length());
        if (keepsLocalVolumes(node, attributes)) {
            return new Decision(true, "");
        }
        if (rules.stream().noneMatch(rule -> rule.allows(attributes))) {
            return Decision.NO_OPINION;
        }
        if (attributes.group().isEmpty() && GUARDED.contains(attributes.resource())) {
            boolean used = !attributes.name().isEmpty()
                    && podsOf(node, attributes.namespace()).stream()
                            .anyMatch(pod -> uses(pod, attributes.resource(), attributes.name()));
            return used ? new Decision(true, "") : noRelationship(node, attributes);
        }
        if (attributes.resource().equals("serviceaccounts")
                && attributes.subresource().equals("token")) {
            boolean used = podsOf(node, attributes.namespace()).stream()
                    .anyMatch(pod ->
                            ObjectTree.text(pod, "spec", "serviceAccountName").equals(attributes.name()));
            return used ? new Decision(true, "") : noRelationship(node, attributes);
        }
        return new Decision(true, "");
    }

    /**
     * Beyond upstream's role: a node sees volumes and may change those of {@code mizzen.io/local-path} whose data it has, to take
     * its finalizer off once the data has gone.
     */
    private boolean keepsLocalVolumes(String node, Attributes attributes) {
        if (!attributes.group().isEmpty()
                || !attributes.resource().equals("persistentvolumes")
                || !attributes.subresource().isEmpty()) {
            return false;
        }
        return switch (attributes.verb()) {
            case "list", "watch" -> true;
            case "patch" -> {
                CachedObject volume = cache.get(VOLUMES, "/registry/persistentvolumes/" + attributes.name());
                yield volume != null
                        && LOCAL_PATH.equals(annotation(volume, "pv.kubernetes.io/provisioned-by"))
                        && node.equals(annotation(volume, "mizzen.io/local-path-node"));
            }
            default -> false;
        };
    }

    private static @Nullable String annotation(CachedObject object, String key) {
        return ObjectTree.annotations(ObjectCodec.parse(object.json())).get(key);
    }

    private static Decision noRelationship(String node, Attributes attributes) {
        return new Decision(
                false,
                "no relationship found between node '" + node + "' and this object"
                        + (attributes.name().isEmpty() ? " (can only read named objects)" : ""));
    }

    private List<JsonNode> podsOf(String node, String namespace) {
        ListRequest request = new ListRequest(
                PODS,
                namespace,
                pod -> pod.field("spec.nodeName").equals(node),
                new FieldMatch("spec.nodeName", node),
                null,
                0,
                0);
        List<JsonNode> pods = new ArrayList<>();
        if (cache.list(request) instanceof ListResult.Listed listed) {
            for (CachedObject pod : listed.items()) {
                JsonNode tree = ObjectCodec.parse(pod.json());
                // A node makes its mirror pods itself: what they name is not given to it for that.
                if (!tree.path("metadata").path("annotations").has(MIRROR)) {
                    pods.add(tree);
                }
            }
        }
        return pods;
    }

    private static boolean uses(JsonNode pod, String resource, String name) {
        return (resource.equals("secrets") ? PodReferences.secrets(pod) : PodReferences.configMaps(pod)).contains(name);
    }
}

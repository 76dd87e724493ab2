// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.admission;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.authentication.UserInfo;
import io.mizzen.apiserver.authorization.RoleEscalation;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Roles and bindings hold no rights that their writer lacks. Upstream does this in the storage of these kinds. */
final class RoleEscalationPlugin implements Admission.Plugin {
    private static final String GROUP = "rbac.authorization.k8s.io";
    private static final List<String> FREE_TO_CHANGE =
            List.of("ownerReferences", "finalizers", "managedFields", "resourceVersion");

    private final RoleEscalation escalation;

    RoleEscalationPlugin(RoleEscalation escalation) {
        this.escalation = escalation;
    }

    @Override
    public void validate(AdmissionRequest request) {
        ObjectNode old = request.old();
        if (request.operation() == AdmissionRequest.Operation.DELETE
                || !request.resource().stored().group().equals(GROUP)
                || old != null && isForTheCollectorOnly(old, request.object())) {
            return;
        }
        switch (request.resource().stored().plural()) {
            case "roles", "clusterroles" -> checkRole(request, old);
            default ->
                require(
                        request,
                        escalation.refusalToBind(
                                user(request),
                                request.namespace(),
                                ObjectTree.text(request.object(), "roleRef", "kind"),
                                ObjectTree.text(request.object(), "roleRef", "name")));
        }
    }

    private void checkRole(AdmissionRequest request, @Nullable ObjectNode old) {
        // A POST names nothing, so a verb that is limited to a name does not help it. Upstream lets it help a PUT or an
        // apply that
        // creates; here that takes the verb without a name.
        String name = request.isCreate() ? "" : request.name();
        String plural = request.resource().stored().plural();
        if (escalation.mayEscalate(user(request), plural, request.namespace(), name)) {
            return;
        }
        require(
                request,
                escalation.refusalOfRules(
                        user(request), request.namespace(), request.object().path("rules")));
        if ((request.object().has("aggregationRule") || old != null && old.has("aggregationRule"))
                && !escalation.holdsEverything(user(request))) {
            require(request, "must have cluster-admin privileges to use the aggregationRule");
        }
    }

    /** Whether only such fields change as the garbage collector needs to let the object go. */
    private static boolean isForTheCollectorOnly(ObjectNode old, ObjectNode changed) {
        ObjectNode copy = changed.deepCopy();
        ObjectNode metadata = ObjectTree.child(copy, "metadata");
        for (String field : FREE_TO_CHANGE) {
            if (old.path("metadata").has(field)) {
                metadata.set(field, old.path("metadata").get(field));
            } else {
                metadata.remove(field);
            }
        }
        return copy.equals(old);
    }

    private static UserInfo user(AdmissionRequest request) {
        return request.context().user();
    }

    private static void require(AdmissionRequest request, String refusal) {
        if (!refusal.isEmpty()) {
            throw StatusException.forbidden(request.resource().groupResource(), request.name(), refusal);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.clusterrole;

import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBuilder;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.Informer;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.Result;
import io.mizzen.client.WorkQueue;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The shell of the aggregation: any change of a role makes it look at all that aggregate. */
public final class ClusterRoleAggregationController implements Controller {
    private static final Logger log = LoggerFactory.getLogger(ClusterRoleAggregationController.class);
    private static final String NAME = "clusterrole-aggregation-controller";
    private static final int WORKERS = 5;

    private final ControllerContext context;
    private final Informer<ClusterRole> roles;
    private final WorkQueue<ObjectKey> queue;
    private final ControllerLoop<ObjectKey> loop;

    /** Asks for its informers and waits to be started. */
    public ClusterRoleAggregationController(ControllerContext context) {
        this.context = context;
        this.roles = context.informers().of(ClusterRole.class);
        this.queue = context.queue(NAME);
        this.loop = context.loop(queue, NAME, WORKERS, this::reconcile);
        roles.onChange(ChangeHandler.of(changed -> roles.list().stream()
                .filter(role -> role.getAggregationRule() != null)
                .forEach(role -> queue.add(ObjectKey.of(role)))));
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return List.of(loop);
    }

    private Result reconcile(ObjectKey key) {
        roles.find(key)
                .ifPresent(role -> AggregationRules.missing(role, roles.list()).ifPresent(rules -> {
                    ClusterRole written = context.api()
                            .update(new ClusterRoleBuilder(role)
                                    .withRules(rules)
                                    .build());
                    log.debug(
                            "ClusterRole {} has {} rules",
                            key,
                            written.getRules().size());
                }));
        return Result.done();
    }
}

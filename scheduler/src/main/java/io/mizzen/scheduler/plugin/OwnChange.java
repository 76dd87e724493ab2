// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.plugin;

import io.mizzen.scheduler.framework.ClusterEvent;
import io.mizzen.scheduler.framework.ClusterEvent.Action;
import io.mizzen.scheduler.framework.ClusterEvent.Resource;
import io.mizzen.scheduler.framework.EventRegistration;
import io.mizzen.scheduler.framework.PodInfo;
import java.util.function.Predicate;

/** Registrations for changes of the waiting pod itself. */
final class OwnChange {
    private OwnChange() {}

    /** Wakes the pod when its tolerations changed and the condition holds for its new form. */
    static EventRegistration toleration(Predicate<PodInfo> condition) {
        return of(Action.UPDATE_POD_TOLERATION, condition);
    }

    /** Wakes the pod when that changed in it and the condition holds for its new form. */
    static EventRegistration of(Action action, Predicate<PodInfo> condition) {
        return new EventRegistration(
                ClusterEvent.of(Resource.POD, action),
                (pod, before, after) ->
                        after instanceof PodInfo changed && changed.uid().equals(pod.uid()) && condition.test(changed));
    }
}

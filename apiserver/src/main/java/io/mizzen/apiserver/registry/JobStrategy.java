// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import java.util.Map;

/** Jobs: the selector and the labels that tie pods to their job by its uid. */
final class JobStrategy implements Strategy {
    private static final String PREFIX = "batch.kubernetes.io/";

    @Override
    public boolean countsGenerations() {
        return true;
    }

    @Override
    public boolean orphansByDefault() {
        return true;
    }

    @Override
    public void applyDefaults(ObjectNode job) {
        WorkloadDefaults.job(job);
    }

    @Override
    public void prepareForCreate(WriteContext context, ObjectNode job) {
        ObjectNode spec = ObjectTree.child(job, "spec");
        if (spec.path("manualSelector").asBoolean(false)) {
            return;
        }
        String uid = ObjectTree.uid(job);
        String name = ObjectTree.name(job);
        ObjectNode template = ObjectTree.child(spec, "template");
        ObjectNode labels = ObjectTree.child(ObjectTree.metadata(template), "labels");
        Map.of("controller-uid", uid, PREFIX + "controller-uid", uid, "job-name", name, PREFIX + "job-name", name)
                .forEach((label, value) -> {
                    if (!labels.has(label)) {
                        labels.put(label, value);
                    }
                });
        ObjectNode wanted = ObjectTree.child(ObjectTree.child(spec, "selector"), "matchLabels");
        if (!wanted.has(PREFIX + "controller-uid")) {
            wanted.put(PREFIX + "controller-uid", uid);
        }
    }
}

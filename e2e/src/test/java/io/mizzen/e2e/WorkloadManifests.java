// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e;

import io.mizzen.e2e.cluster.Cluster;

/** The workloads of {@link WorkloadsIT}, as manifests. */
final class WorkloadManifests {
    /** As the first process of a container, a plain sleep would not hear the signal to end. */
    static final String UNTIL_TOLD = "trap exit TERM; sleep 1000 & wait";

    private WorkloadManifests() {}

    /** A CronJob that is suspended until somebody lets it go on. */
    static String sleeping(String name, String more) {
        return cronJob(name, "suspend: true\n  " + more, "true");
    }

    /** A CronJob whose Jobs run until they are told to end. */
    static String endless(String name, String policy) {
        return cronJob(name, "concurrencyPolicy: " + policy, UNTIL_TOLD);
    }

    private static String cronJob(String name, String spec, String command) {
        return """
                apiVersion: batch/v1
                kind: CronJob
                metadata: {name: %s}
                spec:
                  schedule: "* * * * *"
                  %s
                  jobTemplate: {spec: {template: %s}}
                """.formatted(name, spec, once(command));
    }

    static String job(String name, String spec, String command) {
        return """
                apiVersion: batch/v1
                kind: Job
                metadata: {name: %s}
                spec:
                %s
                  template: %s
                """.formatted(name, spec.stripTrailing(), once(command));
    }

    /** The template of a pod that a Job starts. */
    private static String once(String command) {
        return "{spec: {restartPolicy: Never, terminationGracePeriodSeconds: 1, containers: [{%s}]}}"
                .formatted(main(command));
    }

    private static String main(String command) {
        return "name: main, image: %s, command: [sh, -c, \"%s\"]".formatted(Cluster.IMAGE, command);
    }

    static String runs(String kind, String name, String spec) {
        return workload(
                kind, name, spec, "{terminationGracePeriodSeconds: 1, containers: [{%s}]}".formatted(main(UNTIL_TOLD)));
    }

    /** A set of two with a claim each, whose pods are ready and end when they are told. */
    static String keeping(String name, String policy, String retention) {
        String spec = """
                  replicas: 2
                  serviceName: %s
                  podManagementPolicy: %s
                  persistentVolumeClaimRetentionPolicy: %s
                  volumeClaimTemplates:
                  - metadata: {name: data}
                    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
                """.formatted(name, policy, retention);
        return workload("StatefulSet", name, spec, """
                {containers: [{%s,
                        readinessProbe: {exec: {command: [test, -e, /ready]}, periodSeconds: 1},
                        lifecycle: {preStop: {exec: {command: [sh, -c, "until [ -e /leave ]; do sleep 0.1; done"]}}},
                        volumeMounts: [{name: data, mountPath: /data}]}]}""".formatted(main(UNTIL_TOLD)));
    }

    private static String workload(String kind, String name, String spec, String pod) {
        return """
                apiVersion: apps/v1
                kind: %s
                metadata: {name: %s}
                spec:
                %s
                  selector: {matchLabels: {app: %s}}
                  template:
                    metadata: {labels: {app: %s}}
                    spec: %s
                """.formatted(kind, name, spec.stripTrailing(), name, name, pod);
    }

    static final String TWINS = """
            apiVersion: v1
            kind: ReplicationController
            metadata: {name: twins}
            spec:
              replicas: 1
              template:
                metadata: {labels: {app: twins}}
                spec:
                  terminationGracePeriodSeconds: 0
                  containers:
                  - {name: main, image: %s, command: [sleep, "1000"]}
            """;
}

// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.e2e.cluster.Cluster;
import io.mizzen.e2e.cluster.Command;
import io.mizzen.e2e.cluster.Kubectl;
import io.mizzen.e2e.cluster.KubectlPrograms;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Who may do what, and who goes first: the rights of a pod's account, preemption, disruption budgets. */
class PolicyIT {
    private static Cluster cluster;
    private static Kubectl admin;

    @BeforeAll
    static void startsACluster() {
        cluster = Cluster.start(PolicyIT.class);
        admin = cluster.kubectl();
    }

    @AfterAll
    static void removesTheCluster() throws Exception {
        cluster.close();
    }

    private static Kubectl namespace(String name) {
        admin.ok("create", "namespace", name);
        return admin.in(name);
    }

    @Test
    void aPodTalksToTheApiWithJustTheRightsOfItsAccount() {
        Kubectl kubectl = namespace("rights");
        kubectl.ok("create", "serviceaccount", "reader");
        kubectl.ok("create", "role", "pods", "--verb=get,list", "--resource=pods");
        kubectl.ok("create", "rolebinding", "reader", "--role=pods", "--serviceaccount=rights:reader");
        kubectl.apply("""
                apiVersion: v1
                kind: Pod
                metadata: {name: inside}
                spec:
                  serviceAccountName: reader
                  terminationGracePeriodSeconds: 0
                  containers:
                  - name: main
                    image: %s
                    command: [sleep, "3600"]
                    volumeMounts: [{name: programs, mountPath: /programs}]
                  volumes: [{name: programs, hostPath: {path: %s}}]
                """.formatted(Cluster.IMAGE, KubectlPrograms.upstream(36).getParent()));
        kubectl.ok("wait", "--for=condition=Ready", "pod/inside", "--timeout=30s");

        assertThat(inside(kubectl, "auth", "whoami").out()).contains("system:serviceaccount:rights:reader");
        assertThat(inside(kubectl, "get", "pods", "-o", "name").out()).isEqualTo("pod/inside\n");
        Command refused = inside(kubectl, "delete", "pod", "inside");
        assertThat(refused.exitCode()).isEqualTo(1);
        assertThat(refused.err())
                .contains("pods \"inside\" is forbidden: User \"system:serviceaccount:rights:reader\" cannot delete"
                        + " resource \"pods\" in API group \"\" in the namespace \"rights\"");
    }

    private static Command inside(Kubectl kubectl, String... arguments) {
        String[] words = new String[arguments.length + 4];
        System.arraycopy(new String[] {"exec", "inside", "--", "/programs/kubectl"}, 0, words, 0, 4);
        System.arraycopy(arguments, 0, words, 4, arguments.length);
        return kubectl.run(words);
    }

    @Test
    void nobodyGivesOnRightsThatHeLacks() {
        Kubectl kubectl = namespace("escalation");
        kubectl.ok("create", "role", "keeper", "--verb=create,get,patch", "--resource=roles,rolebindings");
        kubectl.ok("create", "rolebinding", "keeper", "--role=keeper", "--user=jane");
        kubectl.ok("create", "rolebinding", "viewer", "--clusterrole=view", "--user=jane");

        kubectl.ok("create", "role", "readers", "--verb=get,list", "--resource=pods", "--as=jane");
        kubectl.ok("create", "rolebinding", "reader", "--role=readers", "--user=joe", "--as=jane");
        assertThat(kubectl.run("auth", "can-i", "create", "roles", "--as=jane").out())
                .isEqualTo("yes\n");
        assertThat(kubectl.run("auth", "can-i", "delete", "pods", "--as=jane").out())
                .isEqualTo("no\n");
        assertThat(kubectl.fails("create", "role", "deleters", "--verb=get,delete", "--resource=pods", "--as=jane"))
                .contains("roles.rbac.authorization.k8s.io \"deleters\" is forbidden: user \"jane\""
                        + " (groups=[\"system:authenticated\"]) is attempting to grant RBAC permissions not currently held:\n"
                        + "{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"delete\"]}");
        assertThat(kubectl.fails(
                        "patch",
                        "role",
                        "readers",
                        "--as=jane",
                        "-p",
                        "{\"rules\":[{\"apiGroups\":[\"*\"],\"resources\":[\"*\"],\"verbs\":[\"*\"]}]}"))
                .contains("not currently held");
        assertThat(kubectl.fails("create", "rolebinding", "boss", "--clusterrole=admin", "--user=jane", "--as=jane"))
                .contains("not currently held");
        assertThat(kubectl.fails("create", "rolebinding", "none", "--role=none", "--user=jane", "--as=jane"))
                .contains("roles.rbac.authorization.k8s.io \"none\" not found");

        kubectl.ok("create", "role", "binder", "--verb=bind", "--resource=clusterroles", "--resource-name=edit");
        kubectl.ok("create", "rolebinding", "binder", "--role=binder", "--user=jane");
        kubectl.ok("create", "rolebinding", "editor", "--clusterrole=edit", "--user=joe", "--as=jane");
        kubectl.ok("create", "role", "escalator", "--verb=escalate", "--resource=roles");
        kubectl.ok("create", "rolebinding", "escalator", "--role=escalator", "--user=jane");
        kubectl.ok("create", "role", "deleters", "--verb=get,delete", "--resource=pods", "--as=jane");
    }

    @Test
    void aPodOfHigherPriorityTakesThePlaceOfALowerOne() {
        Kubectl kubectl = namespace("priorities");
        admin.ok("create", "priorityclass", "urgent", "--value=1000");
        int millis = (int) (Double.parseDouble(admin.find("node/" + Cluster.NODE, ".status.allocatable.cpu")) * 600);
        kubectl.apply(pod("patient", "", millis));
        kubectl.ok("wait", "--for=condition=Ready", "pod/patient", "--timeout=30s");

        kubectl.apply(pod("urgent", "priorityClassName: urgent", millis));

        kubectl.ok("wait", "--for=condition=Ready", "pod/urgent", "--timeout=30s");
        assertThat(kubectl.fails("get", "pod", "patient")).contains("not found");
        assertThat(kubectl.ok(
                        "get", "events", "--field-selector=reason=Preempted", "-o", "jsonpath={.items[*].message}"))
                .startsWith("Preempted by pod ");
        kubectl.ok("delete", "pod", "urgent");
    }

    private static String pod(String name, String more, int millis) {
        return """
                apiVersion: v1
                kind: Pod
                metadata: {name: %s}
                spec:
                  terminationGracePeriodSeconds: 0
                  %s
                  containers:
                  - name: main
                    image: %s
                    command: [sleep, "3600"]
                    resources: {requests: {cpu: %dm}}
                """.formatted(name, more, Cluster.IMAGE, millis);
    }

    @Test
    void anEvictionWaitsForTheDisruptionBudget() {
        Kubectl kubectl = namespace("budgets");
        kubectl.ok("create", "deployment", "web", "--image=" + Cluster.IMAGE, "--replicas=2", "--", "sleep", "3600");
        kubectl.ok("rollout", "status", "deployment/web", "--timeout=60s");
        kubectl.ok("create", "poddisruptionbudget", "web", "--selector=app=web", "--min-available=2");
        Kubectl.within(Duration.ofSeconds(20))
                .until(() -> kubectl.find("poddisruptionbudget/web", ".status.currentHealthy")
                        .equals("2"));

        Command drained = admin.run(
                "drain", Cluster.NODE, "--pod-selector=app=web", "--force", "--timeout=8s", "--ignore-daemonsets");

        assertThat(drained.exitCode()).isEqualTo(1);
        assertThat(drained.err()).contains("Cannot evict pod as it would violate the pod's disruption budget.");
        assertThat(kubectl.find("deployment/web", ".status.readyReplicas")).isEqualTo("2");
        admin.ok("uncordon", Cluster.NODE);
        kubectl.ok("delete", "deployment,poddisruptionbudget", "web", "--wait=false");
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.e2e.cluster.Cluster;
import io.mizzen.e2e.cluster.Command;
import io.mizzen.e2e.cluster.Kubectl;
import io.mizzen.e2e.cluster.KubectlPrograms;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Who is who, who may do what, and who goes first: accounts, tokens, roles, nodes, preemption, disruption budgets. */
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

    @Test
    void whoSaysNothingSeesOnlyHealth() {
        for (String path : List.of("/livez", "/readyz", "/healthz", "/version")) {
            assertThat(ask(6443, path)).as(path).startsWith("200 ");
        }
        for (String path :
                List.of("/api", "/apis/apps/v1", "/openapi/v2", "/metrics", "/api/v1/namespaces/default/pods")) {
            assertThat(ask(6443, path))
                    .as(path)
                    .startsWith("403 ")
                    .contains("\"reason\":\"Forbidden\"", "User \\\"system:anonymous\\\" cannot ");
        }
        assertThat(ask(6443, "/livez", "wrong")).startsWith("401 ").contains("\"reason\":\"Unauthorized\"");
    }

    /** Asks a port of the node without a client certificate; code and body of the answer. */
    private static String ask(int port, String path, String... token) {
        List<String> command = new ArrayList<>(cluster.network().enter());
        command.addAll(List.of("curl", "-sk", "-m", "10", "-o", "-", "-w", "\n%{http_code}"));
        for (String each : token) {
            command.addAll(List.of("-H", "Authorization: Bearer " + each));
        }
        command.add("https://" + cluster.network().nodeIp() + ":" + port + path);
        String answer = Command.run("", Map.of(), command).requireOk().out();
        int code = answer.lastIndexOf('\n');
        return answer.substring(code + 1) + " " + answer.substring(0, code);
    }

    @Test
    void theKubeletAsksWhoComesAndWhatHeMay() {
        Kubectl kubectl = namespace("visitors");
        kubectl.ok("create", "serviceaccount", "doctor");
        kubectl.ok("create", "serviceaccount", "stranger");
        admin.ok(
                "create",
                "clusterrolebinding",
                "doctor",
                "--clusterrole=system:kubelet-api-admin",
                "--serviceaccount=visitors:doctor");
        String doctor = kubectl.ok("create", "token", "doctor").strip();
        String stranger = kubectl.ok("create", "token", "stranger").strip();

        assertThat(ask(10250, "/pods")).isEqualTo("401 Unauthorized");
        assertThat(ask(10250, "/pods", "wrong")).isEqualTo("401 Unauthorized");
        assertThat(ask(10250, "/pods", stranger))
                .startsWith("403 Forbidden (user=system:serviceaccount:visitors:stranger, verb=get, resource=nodes,");
        assertThat(ask(10250, "/pods", doctor)).startsWith("200 ").contains("\"kind\":\"PodList\"");
    }

    @Test
    void aTokenIsGivenForATimeAndEndsWithThePodItIsBoundTo() {
        Kubectl kubectl = namespace("tickets");
        kubectl.ok("create", "serviceaccount", "guest");
        kubectl.ok("create", "rolebinding", "guest", "--clusterrole=view", "--serviceaccount=tickets:guest");
        kubectl.apply(pod("host", "serviceAccountName: guest", 10));

        String token = kubectl.ok(
                        "create",
                        "token",
                        "guest",
                        "--duration=15m",
                        "--bound-object-kind=Pod",
                        "--bound-object-name=host")
                .strip();

        String claims = new String(Base64.getUrlDecoder().decode(token.split("\\.")[1]), StandardCharsets.UTF_8);
        assertThat(number(claims, "exp") - number(claims, "iat")).isEqualTo(900);
        assertThat(claims)
                .contains(
                        "\"sub\":\"system:serviceaccount:tickets:guest\"",
                        "\"aud\":[\"https://kubernetes.default.svc.cluster.local\"]")
                .containsPattern("\"pod\":\\{[^}]*\"name\":\"host\"");
        assertThat(kubectl.fails("create", "token", "guest", "--duration=1m"))
                .contains("may not specify a duration less than 10 minutes");
        assertThat(ask(6443, "/api/v1/namespaces/tickets/pods", token)).startsWith("200 ");
        assertThat(ask(6443, "/api/v1/namespaces/tickets/secrets", token)).startsWith("403 ");
        kubectl.ok("delete", "pod", "host");
        Kubectl.within(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(ask(6443, "/api/v1/namespaces/tickets/pods", token))
                        .startsWith("401 "));
    }

    @Test
    void aSecretHoldsATokenOfItsAccountAsLongAsThereIsBoth() {
        Kubectl kubectl = namespace("keys");
        kubectl.ok("create", "serviceaccount", "robot");
        kubectl.ok("create", "rolebinding", "robot", "--clusterrole=view", "--serviceaccount=keys:robot");
        kubectl.apply(tokenSecret("first", "robot") + "---\n" + tokenSecret("second", "robot") + "---\n"
                + tokenSecret("orphan", "nobody"));

        String first = tokenIn(kubectl, "first");
        String second = tokenIn(kubectl, "second");

        assertThat(kubectl.ok("describe", "secret", "first")).contains("ca.crt:", "namespace:  4 bytes");
        assertThat(ask(6443, "/api/v1/namespaces/keys/pods", first)).startsWith("200 ");
        assertThat(kubectl.fails("get", "secret", "orphan")).contains("NotFound");
        kubectl.ok("delete", "secret", "first");
        assertThat(ask(6443, "/api/v1/namespaces/keys/pods", first)).startsWith("401 ");
        assertThat(ask(6443, "/api/v1/namespaces/keys/pods", second)).startsWith("200 ");
        kubectl.ok("delete", "serviceaccount", "robot");
        kubectl.ok("wait", "--for=delete", "secret/second", "--timeout=20s");
    }

    private static String tokenSecret(String name, String account) {
        return """
                apiVersion: v1
                kind: Secret
                metadata: {name: %s, annotations: {kubernetes.io/service-account.name: %s}}
                type: kubernetes.io/service-account-token
                """.formatted(name, account);
    }

    private static String tokenIn(Kubectl kubectl, String secret) {
        kubectl.ok("wait", "--for=jsonpath={.data.token}", "secret/" + secret, "--timeout=20s");
        String encoded = kubectl.ok("get", "secret", secret, "-o", "jsonpath={.data.token}");
        return new String(Base64.getDecoder().decode(encoded), StandardCharsets.UTF_8);
    }

    private static long number(String claims, String name) {
        Matcher matcher = Pattern.compile("\"" + name + "\":([0-9]+)").matcher(claims);
        assertThat(matcher.find()).as(name + " in " + claims).isTrue();
        return Long.parseLong(matcher.group(1));
    }

    @Test
    void theDefaultRolesGiveWhatTheirNamesSay() {
        Kubectl kubectl = namespace("ranks");
        for (String role : List.of("view", "edit", "admin")) {
            kubectl.ok("create", "rolebinding", role, "--clusterrole=" + role, "--user=" + role);
        }

        assertThat(may(kubectl, "view", "get", "pods")).isTrue();
        assertThat(may(kubectl, "view", "get", "secrets")).isFalse();
        assertThat(may(kubectl, "view", "create", "pods")).isFalse();
        assertThat(may(kubectl, "edit", "create", "deployments.apps")).isTrue();
        assertThat(may(kubectl, "edit", "get", "secrets")).isTrue();
        assertThat(may(kubectl, "edit", "create", "roles")).isFalse();
        assertThat(may(kubectl, "admin", "create", "rolebindings")).isTrue();
        assertThat(may(kubectl, "admin", "update", "resourcequotas")).isFalse();
        assertThat(may(admin, "admin", "get", "pods")).as("elsewhere").isFalse();
        assertThat(may(kubectl, "nobody", "get", "/api")).isTrue();
        assertThat(may(kubectl, "nobody", "get", "pods")).isFalse();
        assertThat(kubectl.ok("auth", "can-i", "*", "*", "--as=boss", "--as-group=system:masters"))
                .isEqualTo("yes\n");

        assertThat(may(kubectl, "view", "get", "leases")).isFalse();
        kubectl.apply("""
                apiVersion: rbac.authorization.k8s.io/v1
                kind: ClusterRole
                metadata:
                  name: look-at-leases
                  labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}
                rules: [{apiGroups: [coordination.k8s.io], resources: [leases], verbs: [get]}]
                """);
        Kubectl.within(Duration.ofSeconds(20))
                .untilAsserted(
                        () -> assertThat(may(kubectl, "admin", "get", "leases")).isTrue());
        kubectl.ok("delete", "clusterrole", "look-at-leases");
        Kubectl.within(Duration.ofSeconds(20))
                .untilAsserted(
                        () -> assertThat(may(kubectl, "view", "get", "leases")).isFalse());
    }

    private static boolean may(Kubectl kubectl, String user, String verb, String what) {
        String answer = kubectl.run("auth", "can-i", verb, what, "--as=" + user).out();
        assertThat(answer).isIn("yes\n", "no\n");
        return answer.equals("yes\n");
    }

    @Test
    void everyReviewTellsWhoMayDoWhat() {
        Kubectl kubectl = namespace("reviews");
        kubectl.ok("create", "role", "reader", "--verb=get", "--resource=pods");
        kubectl.ok("create", "rolebinding", "reader", "--role=reader", "--user=jane", "--group=crew");
        String get = "resourceAttributes: {namespace: reviews, verb: get, resource: pods}";
        String delete = get.replace("verb: get", "verb: delete");

        assertThat(review(kubectl, "SubjectAccessReview", "{user: jane, " + get + "}"))
                .startsWith("true RBAC: allowed");
        assertThat(review(kubectl, "SubjectAccessReview", "{user: jane, " + delete + "}"))
                .startsWith("false");
        assertThat(review(kubectl, "SubjectAccessReview", "{user: joe, groups: [crew], " + get + "}"))
                .startsWith("true");
        assertThat(review(kubectl, "LocalSubjectAccessReview", "{user: jane, " + get + "}"))
                .startsWith("true");
        assertThat(review(kubectl, "SelfSubjectAccessReview", "{" + get + "}", "--as=jane"))
                .startsWith("true");
        assertThat(review(kubectl, "SelfSubjectAccessReview", "{" + delete + "}", "--as=jane"))
                .startsWith("false");
        assertThat(kubectl.ok("auth", "can-i", "--list", "--as=jane"))
                .containsPattern("pods +\\[] +\\[] +\\[get]")
                .containsPattern("selfsubjectreviews.authentication.k8s.io +\\[] +\\[] +\\[create]");
        assertThat(kubectl.ok("auth", "whoami", "--as=jane", "--as-group=crew", "-o", "jsonpath={.status.userInfo}"))
                .contains("\"username\":\"jane\"", "\"crew\"", "\"system:authenticated\"");
    }

    private static String review(Kubectl kubectl, String kind, String spec, String... flags) {
        String namespace = kind.startsWith("Local") ? ", metadata: {namespace: reviews}" : "";
        List<String> words = new ArrayList<>(List.of("create", "-f", "-"));
        words.addAll(List.of("-o", "go-template={{.status.allowed}} {{.status.reason}}"));
        words.addAll(List.of(flags));
        return kubectl.runWithInput(
                        "---\n{apiVersion: authorization.k8s.io/v1, kind: " + kind + namespace + ", spec: " + spec
                                + "}",
                        words.toArray(String[]::new))
                .requireOk()
                .out();
    }

    @Test
    void aNodeSeesAndChangesOnlyWhatIsItsOwn() {
        Kubectl kubectl = namespace("borders");
        Path credentials = cluster.dataDir().resolve("kubeconfig/kubelet.yaml");
        Kubectl node = new Kubectl("the node", kubectl.program(), kubectl.network(), credentials, "borders");
        kubectl.ok("create", "secret", "generic", "used", "--from-literal=a=b");
        kubectl.ok("create", "secret", "generic", "unused", "--from-literal=a=b");
        kubectl.apply(pod("user", "volumes: [{name: v, secret: {secretName: used}}]", 10));
        kubectl.apply(pod("waiting", "schedulingGates: [{name: example.com/never}]", 10));
        kubectl.apply("---\n{apiVersion: v1, kind: Node, metadata: {name: other}, spec: {unschedulable: true}}");
        kubectl.ok("wait", "--for=condition=Ready", "pod/user", "--timeout=30s");

        assertThat(node.ok("auth", "whoami")).contains("system:node:" + Cluster.NODE, "system:nodes");
        assertThat(node.ok("get", "secret", "used", "-o", "name")).isEqualTo("secret/used\n");
        assertThat(node.fails("get", "secret", "unused"))
                .contains("no relationship found between node '" + Cluster.NODE + "' and this object");
        assertThat(node.fails("get", "secrets")).contains("(Forbidden)", "can only read named objects");
        assertThat(node.fails("create", "deployment", "own", "--image=none")).contains("(Forbidden)");
        assertThat(node.fails("label", "node", "other", "a=b")).contains("is not allowed to modify node \"other\"");
        String restricted = "node-restriction.kubernetes.io/zone";
        assertThat(node.fails("label", "node", Cluster.NODE, restricted + "=a"))
                .contains("is not allowed to modify labels: " + restricted);
        assertThat(node.fails("taint", "node", Cluster.NODE, "a=b:NoSchedule"))
                .contains("is not allowed to modify taints");
        assertThat(node.fails("delete", "pod", "waiting")).contains("spec.nodeName set to itself");
        node.ok("label", "node", Cluster.NODE, "colour=blue");
        admin.ok("label", "node", Cluster.NODE, "colour-");
        admin.ok("delete", "node", "other");
        kubectl.ok("delete", "pod", "user", "waiting", "--wait=false");
    }
}

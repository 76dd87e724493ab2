// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e;

import static io.mizzen.e2e.cluster.Kubectl.within;
import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.e2e.cluster.CgroupTree;
import io.mizzen.e2e.cluster.Cluster;
import io.mizzen.e2e.cluster.Command;
import io.mizzen.e2e.cluster.Kubectl;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** The node looks after itself: it refuses what does not fit, ends what takes too much, and throws away what nobody uses. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class NodeCareIT {
    private static final Duration SOON = Duration.ofSeconds(60);

    private static Cluster cluster;
    private static Kubectl kubectl;

    @BeforeAll
    static void startsACluster() {
        cluster = Cluster.start(
                NodeCareIT.class,
                "--kube-reserved=cpu=200m,memory=256Mi",
                "--system-reserved=cpu=300m",
                "--eviction-hard=memory.available<64Mi",
                "--image-gc-high-threshold=1",
                "--image-gc-low-threshold=0",
                "--minimum-image-ttl-duration=30s",
                "--image-gc-period=3s");
        kubectl = cluster.kubectl();
        // While it runs its image is in use and stays.
        pod("keeper", "{terminationGracePeriodSeconds: 0, containers: [" + container("main", "sleep 9999", "") + "]}");
        // Needs its time, while other stories are told.
        pod(
                "unlucky",
                "{terminationGracePeriodSeconds: 0, volumes: [{name: runs, emptyDir: {}}], containers: ["
                        + container(
                                "main",
                                "echo . >> /runs/all; echo run `wc -l < /runs/all`; [ `wc -l < /runs/all` = 3 ] && sleep 9999; exit 1",
                                ", volumeMounts: [{name: runs, mountPath: /runs}]")
                        + "]}");
    }

    @AfterAll
    static void removesTheCluster() throws Exception {
        cluster.close();
    }

    private static void pod(String name, String spec) {
        kubectl.apply("---\n{apiVersion: v1, kind: Pod, metadata: {name: " + name + "}, spec: " + spec + "}");
    }

    private static String container(String name, String command, String rest) {
        return "{name: " + name + ", image: " + Cluster.IMAGE + ", command: [sh, -c, '" + command + "']" + rest + "}";
    }

    private static void awaits(String object, String path, String value) {
        within(SOON).untilAsserted(() -> assertThat(kubectl.find(object, path)).isEqualTo(value));
    }

    private static long events(String object, String reason) {
        return kubectl.ok(
                        "get",
                        "events",
                        "--field-selector",
                        "involvedObject.name=" + object + ",reason=" + reason,
                        "-o",
                        "name")
                .lines()
                .count();
    }

    @Test
    @Order(1)
    void reservedResourcesAreNotForPods() {
        long capacity = milli(kubectl.find("node/" + Cluster.NODE, ".status.capacity.cpu"));
        long allocatable = milli(kubectl.find("node/" + Cluster.NODE, ".status.allocatable.cpu"));
        long capacityKi = kibi(kubectl.find("node/" + Cluster.NODE, ".status.capacity.memory"));
        long allocatableKi = kibi(kubectl.find("node/" + Cluster.NODE, ".status.allocatable.memory"));

        assertThat(capacity - allocatable).isEqualTo(500);
        assertThat(capacityKi - allocatableKi).isEqualTo((256 + 64) * 1024);
        within(SOON)
                .untilAsserted(() -> assertThat(kubectl.find("node/" + Cluster.NODE, ".status.images[*].names"))
                        .contains(Cluster.IMAGE));
    }

    private static long milli(String cpu) {
        return cpu.endsWith("m") ? Long.parseLong(cpu.replace("m", "")) : Long.parseLong(cpu) * 1000;
    }

    private static long kibi(String memory) {
        return Long.parseLong(memory.replace("Ki", ""));
    }

    @Test
    @Order(2)
    void aPodHasTheCgroupsAndTheOomScoreOfItsClass() throws Exception {
        pod("guaranteed", measured(", resources: {limits: {cpu: 100m, memory: 32Mi}}"));
        pod("burstable", measured(", resources: {requests: {cpu: 50m, memory: 512Mi}, limits: {memory: 768Mi}}"));
        pod("besteffort", measured(""));
        CgroupTree tree = CgroupTree.of(cluster);

        long cpus = milli(kubectl.find("node/" + Cluster.NODE, ".status.capacity.cpu"));
        long memory = kibi(kubectl.find("node/" + Cluster.NODE, ".status.capacity.memory")) * 1024;
        assertThat(tree.figures("kubepods"))
                .as("all pods together may use what is not reserved")
                .isEqualTo(CgroupTree.figures((cpus - 500) * 1024 / 1000, -1, memory - (256L << 20)));
        assertThat(tree.weightOf("kubepods/besteffort")).isEqualTo(CgroupTree.weight(2));
        String guaranteed = lies("guaranteed", "Guaranteed", "kubepods", CgroupTree.figures(102, 10_000, 32L << 20));
        String burstable = lies("burstable", "Burstable", "kubepods/burstable", CgroupTree.figures(51, -1, 768L << 20));
        String bestEffort = lies("besteffort", "BestEffort", "kubepods/besteffort", CgroupTree.figures(2, -1, -1));
        within(SOON)
                .untilAsserted(() -> assertThat(tree.weightOf("kubepods/burstable"))
                        .as("the class weighs what its pods request together")
                        .isEqualTo(CgroupTree.weight(51)));

        // Without the right to go lower, a container is killed no sooner than the runtime itself.
        long least = Long.parseLong(Files.readString(Path.of("/proc/" + cluster.containerdPid() + "/oom_score_adj"))
                .strip());
        assertThat(oomScore("guaranteed")).isEqualTo(Math.max(-997, least));
        assertThat(oomScore("burstable")).isEqualTo(1000 - 1000 * (512L << 20) / memory);
        assertThat(oomScore("besteffort")).isEqualTo(1000);

        kubectl.ok("delete", "pod", "guaranteed", "burstable", "besteffort");
        within(SOON)
                .untilAsserted(() -> assertThat(Stream.of(guaranteed, burstable, bestEffort))
                        .as("cgroups of pods that are gone")
                        .noneMatch(tree::has));
    }

    private static String measured(String resources) {
        return "{terminationGracePeriodSeconds: 0, containers: [" + container("main", "sleep 9999", resources) + "]}";
    }

    /** Says that a pod is of a class and that its cgroup and its container's lie there with these figures; the pod's cgroup. */
    private static String lies(String pod, String qosClass, String parent, CgroupTree.Figures figures) {
        awaits("pod/" + pod, ".status.phase", "Running");
        assertThat(kubectl.find("pod/" + pod, ".status.qosClass")).isEqualTo(qosClass);
        String cgroup = parent + "/pod" + kubectl.find("pod/" + pod, ".metadata.uid");
        String container = kubectl.find("pod/" + pod, ".status.containerStatuses[0].containerID")
                .replace("containerd://", "");
        CgroupTree tree = CgroupTree.of(cluster);
        assertThat(tree.figures(cgroup)).as("pod " + pod).isEqualTo(figures);
        assertThat(tree.figures(cgroup + "/" + container))
                .as("container of " + pod)
                .isEqualTo(figures);
        return cgroup;
    }

    private static long oomScore(String pod) {
        return Long.parseLong(
                kubectl.ok("exec", pod, "--", "cat", "/proc/1/oom_score_adj").strip());
    }

    @Test
    @Order(3)
    void aPodThatDoesNotFitIsRejected() {
        pod(
                "large",
                "{nodeName: node-1, containers: ["
                        + container("main", "sleep 999", ", resources: {requests: {cpu: '500'}}") + "]}");

        awaits("pod/large", ".status.phase", "Failed");
        assertThat(kubectl.find("pod/large", ".status.reason")).isEqualTo("OutOfcpu");
        assertThat(kubectl.find("pod/large", ".status.message"))
                .startsWith("Pod was rejected: Node didn't have enough resource: cpu, requested: 500000, used: ")
                .contains(", capacity: ");
        assertThat(kubectl.find("pod/large", ".status.containerStatuses")).isEmpty();
        within(SOON).untilAsserted(() -> assertThat(events("large", "OutOfcpu")).isPositive());

        pod(
                "elsewhere",
                "{nodeName: node-1, nodeSelector: {disk: none}, containers: [" + container("main", "sleep 999", "")
                        + "]}");
        awaits("pod/elsewhere", ".status.reason", "NodeAffinity");
        kubectl.ok("delete", "pod", "large", "elsewhere");
    }

    @Test
    @Order(4)
    void aMemoryLimitHoldsAndItsBreachIsCounted() {
        pod(
                "greedy",
                "{terminationGracePeriodSeconds: 0, containers: ["
                        + container(
                                "main",
                                "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null; a=x;"
                                        + " while true; do a=$a$a; done",
                                ", resources: {limits: {memory: 24Mi}}")
                        + "]}");

        within(SOON)
                .untilAsserted(() -> assertThat(
                                kubectl.find("pod/greedy", ".status.containerStatuses[0].lastState.terminated.reason"))
                        .isEqualTo("OOMKilled"));
        String status = ".status.containerStatuses[0]";
        assertThat(kubectl.find("pod/greedy", status + ".lastState.terminated.exitCode"))
                .isEqualTo("137");
        assertThat(Integer.parseInt(kubectl.find("pod/greedy", status + ".restartCount")))
                .isPositive();
        assertThat(kubectl.ok("logs", "greedy", "--previous")).startsWith(Long.toString(24L << 20));
        kubectl.ok("delete", "pod", "greedy");
    }

    @Test
    @Order(5)
    void aVolumeBeyondItsLimitEndsThePod() {
        pod(
                "hoarder",
                "{volumes: [{name: scratch, emptyDir: {sizeLimit: 1Mi}}], containers: ["
                        + container(
                                "main",
                                "dd if=/dev/zero of=/scratch/file bs=1M count=3; sleep 999",
                                ", volumeMounts: [{name: scratch, mountPath: /scratch}]")
                        + "]}");

        awaits("pod/hoarder", ".status.phase", "Failed");
        assertThat(kubectl.find("pod/hoarder", ".status.reason")).isEqualTo("Evicted");
        assertThat(kubectl.find("pod/hoarder", ".status.message"))
                .isEqualTo("Usage of EmptyDir volume \"scratch\" exceeds the limit \"1Mi\". ");
        assertThat(kubectl.find("pod/hoarder", ".status.containerStatuses[0].state.terminated.exitCode"))
                .isEqualTo("137");
        within(SOON)
                .untilAsserted(() -> assertThat(events("hoarder", "Evicted")).isPositive());
        kubectl.ok("delete", "pod", "hoarder");
    }

    @Test
    @Order(6)
    void aJobEndsAlthoughItsSidecarWouldRunForEver() {
        kubectl.apply(
                "---\n{apiVersion: batch/v1, kind: Job, metadata: {name: helped}, spec: {template: {spec: {restartPolicy:"
                        + " Never, terminationGracePeriodSeconds: 5, volumes: [{name: shared, emptyDir: {}}], initContainers: ["
                        + container(
                                "side",
                                "trap \"exit 0\" TERM; touch /shared/up; while true; do sleep 0.1; done",
                                ", restartPolicy: Always, volumeMounts: [{name: shared, mountPath: /shared}], startupProbe: {exec:"
                                        + " {command: [cat, /shared/up]}, periodSeconds: 1}")
                        + "], containers: ["
                        + container(
                                "main",
                                "test -e /shared/up && echo the sidecar was first",
                                ", volumeMounts: [{name: shared, mountPath: /shared}]")
                        + "]}}}}");

        awaits("job/helped", ".status.succeeded", "1");
        String pod =
                kubectl.ok("get", "pods", "-l", "job-name=helped", "-o", "name").strip();
        assertThat(kubectl.ok("logs", pod, "-c", "main")).isEqualTo("the sidecar was first\n");
        assertThat(kubectl.find(pod, ".status.initContainerStatuses[0].state.terminated.exitCode"))
                .as("the end is told after the sidecar's")
                .isEqualTo("0");
        kubectl.ok("delete", "job", "helped");
    }

    @Test
    @Order(7)
    void aContainerIsTendedFromItsStartToItsEnd() {
        pod(
                "tended",
                "{volumes: [{name: notes, emptyDir: {}}], containers: ["
                        + container(
                                "main",
                                "trap \"printf bye > /dev/termination-log; exit 3\" TERM; while true; do sleep 0.1; done",
                                ", volumeMounts: [{name: notes, mountPath: /notes}], lifecycle: {postStart: {exec: {command: [sh,"
                                        + " -c, echo started >> /notes/all]}}, preStop: {exec: {command: [sh, -c, echo stopping >>"
                                        + " /notes/all]}}}, livenessProbe: {exec: {command: [sh, -c, \"[ ! -e /ill ]\"]},"
                                        + " periodSeconds: 1, failureThreshold: 1}")
                        + "]}");
        awaits("pod/tended", ".status.containerStatuses[0].ready", "true");
        kubectl.ok("exec", "tended", "--", "touch", "/ill");

        String status = ".status.containerStatuses[0]";
        awaits("pod/tended", status + ".restartCount", "1");
        awaits("pod/tended", status + ".ready", "true");
        assertThat(kubectl.find("pod/tended", status + ".lastState.terminated.exitCode"))
                .isEqualTo("3");
        assertThat(kubectl.find("pod/tended", status + ".lastState.terminated.message"))
                .isEqualTo("bye");
        assertThat(kubectl.ok("exec", "tended", "--", "cat", "/notes/all")).isEqualTo("started\nstopping\nstarted\n");
        within(SOON)
                .untilAsserted(() -> assertThat(
                                kubectl.ok("get", "events", "--field-selector", "involvedObject.name=tended"))
                        .contains("Liveness probe failed", "Container main failed liveness probe, will be restarted"));
        kubectl.ok("delete", "pod", "tended", "--wait=false");
    }

    @Test
    @Order(8)
    void oneDeadContainerIsKeptBesideTheLivingAndNothingOfAPodThatIsGone() throws Exception {
        awaits("pod/unlucky", ".status.containerStatuses[0].restartCount", "2");
        awaits("pod/unlucky", ".status.containerStatuses[0].ready", "true");
        String uid = kubectl.find("pod/unlucky", ".metadata.uid");
        Path logs = cluster.podLogDir().resolve("default_unlucky_" + uid);

        within(SOON)
                .untilAsserted(() -> assertThat(runtimeHas("container", uid))
                        .as("the living one and the one before it")
                        .hasLineCount(2));
        within(SOON)
                .untilAsserted(() -> assertThat(logs.resolve("main"))
                        .isDirectoryNotContaining("glob:**/0.log")
                        .isDirectoryContaining("glob:**/1.log")
                        .isDirectoryContaining("glob:**/2.log"));
        assertThat(kubectl.ok("logs", "unlucky", "--previous")).isEqualTo("run 2\n");
        assertThat(kubectl.ok("logs", "unlucky")).isEqualTo("run 3\n");

        kubectl.ok("delete", "pod", "unlucky");
        within(SOON)
                .untilAsserted(() -> assertThat(runtimeHas("container", uid) + runtimeHas("sandbox", uid))
                        .isEmpty());
        within(SOON).untilAsserted(() -> assertThat(logs).doesNotExist());
        try (Stream<Path> links = Files.list(cluster.containerLogDir())) {
            assertThat(links.map(Path::getFileName).map(Path::toString)).noneMatch(name -> name.startsWith("unlucky_"));
        }
    }

    /** Ids of what the runtime holds of a pod, dead or alive, a line each. */
    private static String runtimeHas(String kind, String uid) {
        return Command.ok(
                "ctr",
                "--address=" + cluster.dataDir().resolve("containerd/containerd.sock"),
                "--namespace=k8s.io",
                "containers",
                "list",
                "--quiet",
                "labels.\"io.cri-containerd.kind\"==" + kind + ",labels.\"io.kubernetes.pod.uid\"==\"" + uid + "\"");
    }

    @Test
    @Order(9)
    void anImageThatNobodyUsesGoes() {
        kubectl.ok("delete", "pod", "keeper");

        within(SOON)
                .untilAsserted(() -> assertThat(kubectl.find("node/" + Cluster.NODE, ".status.images[*].names"))
                        .doesNotContain(Cluster.IMAGE)
                        .contains("pause"));
        within(SOON)
                .untilAsserted(() ->
                        assertThat(events(Cluster.NODE, "FreeDiskSpaceFailed")).isPositive());
    }
}

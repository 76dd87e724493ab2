// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mizzen.kubelet.cri.CriClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** What happens to running pods when the kubelet, the runtime, a container or a sandbox dies. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(180)
class RestartIT {
    private final MemoryControlPlane control = new MemoryControlPlane();
    private ContainerdFixture containerd;
    private Kubelet kubelet;

    @BeforeAll
    void start() throws Exception {
        containerd = new ContainerdFixture(213);
        kubelet = Kubelet.start(containerd.options("node-a"), control.ports(), new SimpleMeterRegistry());
    }

    @AfterAll
    void stop() throws Exception {
        kubelet.close();
        containerd.close();
    }

    private void awaitReady(String name) {
        await().atMost(Duration.ofSeconds(40))
                .until(() -> control.condition(name, "Ready").equals("True"));
    }

    @Test
    void adoptsWhatRunsAfterItsOwnRestart() throws Exception {
        control.create(PodLifeIT.pod("adopted", "sleep 600")
                .editSpec()
                .editContainer(0)
                .withNewReadinessProbe()
                .withNewExec()
                .withCommand("true")
                .endExec()
                .withPeriodSeconds(1)
                .endReadinessProbe()
                .endContainer()
                .endSpec()
                .build());
        awaitReady("adopted");
        ContainerStatus before = control.container("adopted", "main");
        List<String> readiness = new CopyOnWriteArrayList<>();

        kubelet.close();
        kubelet = Kubelet.start(containerd.options("node-a"), control.ports(), new SimpleMeterRegistry());

        await().during(Duration.ofSeconds(5)).atMost(Duration.ofSeconds(15)).until(() -> {
            readiness.add(control.condition("adopted", "Ready"));
            return true;
        });
        assertThat(readiness).containsOnly("True");
        assertThat(control.container("adopted", "main").getContainerID()).isEqualTo(before.getContainerID());
        assertThat(control.container("adopted", "main").getRestartCount()).isZero();
        control.delete("adopted", 1);
        await().atMost(Duration.ofSeconds(20))
                .until(() -> control.find("adopted").isEmpty());
    }

    @Test
    void leavesContainersAloneWhenTheRuntimeDiesAndComesBack() throws Exception {
        control.create(PodLifeIT.pod("steady", "sleep 600").build());
        awaitReady("steady");
        ContainerStatus before = control.container("steady", "main");

        containerd.crash();
        control.create(PodLifeIT.pod("later", "sleep 600").build());
        containerd.restart();

        awaitReady("later");
        assertThat(control.container("steady", "main").getContainerID()).isEqualTo(before.getContainerID());
        assertThat(control.container("steady", "main").getRestartCount()).isZero();
        assertThat(control.condition("steady", "Ready")).isEqualTo("True");
        control.deleteNow("steady");
        control.deleteNow("later");
    }

    @Test
    void removesWhatBelongsToNoPodAfterARestart() throws Exception {
        Pod pod = control.create(PodLifeIT.pod("orphan", "sleep 600").build());
        awaitReady("orphan");
        kubelet.close();
        control.deleteNow("orphan");

        kubelet = Kubelet.start(containerd.options("node-a"), control.ports(), new SimpleMeterRegistry());

        try (CriClient cri = CriClient.connect(containerd.socket(), Duration.ofSeconds(10))) {
            Map<String, String> selector =
                    Map.of("io.kubernetes.pod.uid", pod.getMetadata().getUid());
            await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
                assertThat(cri.listPodSandboxes(selector)).isEmpty();
                assertThat(cri.listContainers(selector)).isEmpty();
            });
        }
    }

    @Test
    void makesANewSandboxWhenThePauseProcessDies() throws Exception {
        Pod pod = control.create(PodLifeIT.pod("resandboxed", "sleep 600").build());
        awaitReady("resandboxed");
        String before = control.container("resandboxed", "main").getContainerID();
        try (CriClient cri = CriClient.connect(containerd.socket(), Duration.ofSeconds(10))) {
            String id = cri.listPodSandboxes(
                            Map.of("io.kubernetes.pod.uid", pod.getMetadata().getUid()))
                    .getFirst()
                    .getId();
            cri.stopPodSandbox(id);
        }

        await().atMost(Duration.ofSeconds(40))
                .until(() -> control.condition("resandboxed", "Ready").equals("True")
                        && !before.equals(
                                control.container("resandboxed", "main").getContainerID()));
        assertThat(control.eventCount(
                        "resandboxed", "SandboxChanged Pod sandbox changed, it will be killed and re-created."))
                .isPositive();
        assertThat(control.container("resandboxed", "main").getRestartCount()).isEqualTo(1);
        control.deleteNow("resandboxed");
    }

    @Test
    void tellsThatAContainerWasKilledForWantOfMemory() {
        control.create(PodLifeIT.pod("hungry", "tail /dev/zero")
                .editSpec()
                .withRestartPolicy("Never")
                .editContainer(0)
                .withNewResources()
                .addToLimits("memory", new Quantity("16Mi"))
                .addToRequests("memory", new Quantity("16Mi"))
                .endResources()
                .endContainer()
                .endSpec()
                .build());

        await().atMost(Duration.ofSeconds(30))
                .until(() -> control.phase("hungry").equals("Failed"));
        ContainerStateTerminated end =
                control.container("hungry", "main").getState().getTerminated();
        assertThat(end.getReason()).isEqualTo("OOMKilled");
        assertThat(end.getExitCode()).isEqualTo(137);
        assertThat(control.status("hungry").getQosClass()).isEqualTo("Burstable");
        control.deleteNow("hungry");
    }

    @Test
    void endsAPodAtItsDeadline() {
        control.create(PodLifeIT.pod("slow", "sleep 600")
                .editSpec()
                .withActiveDeadlineSeconds(3L)
                .endSpec()
                .build());

        await().atMost(Duration.ofSeconds(30)).until(() -> control.phase("slow").equals("Failed"));
        assertThat(control.status("slow").getReason()).isEqualTo("DeadlineExceeded");
        await().atMost(Duration.ofSeconds(10))
                .until(() -> control.container("slow", "main").getState().getTerminated() != null);
        control.deleteNow("slow");
    }

    @Test
    void hastensTheEndWhenTheGraceIsShortened() {
        control.create(PodLifeIT.pod("stubborn", "trap '' TERM; while true; do sleep 1; done")
                .editSpec()
                .withTerminationGracePeriodSeconds(120L)
                .endSpec()
                .build());
        awaitReady("stubborn");
        control.delete("stubborn", 120);
        await().atMost(Duration.ofSeconds(10)).until(() -> control.eventCount("stubborn", "Killing") > 0);

        control.delete("stubborn", 1);

        await().atMost(Duration.ofSeconds(15))
                .until(() -> control.find("stubborn").isEmpty());
    }

    @Test
    void runsAsTheUserAndGroupsAndWithTheMountsOfTheSpecification() throws Exception {
        Pod pod = control.create(PodLifeIT.pod(
                        "secure",
                        "id -u; id -g; id -G; echo data > /data/file; ls -n /data; cat /part/x; touch /no 2>&1; sleep 600")
                .editSpec()
                .withNewSecurityContext()
                .withRunAsUser(1000L)
                .withRunAsGroup(2000L)
                .withFsGroup(3000L)
                .endSecurityContext()
                .editContainer(0)
                .withNewSecurityContext()
                .withReadOnlyRootFilesystem(true)
                .endSecurityContext()
                .addNewVolumeMount()
                .withName("data")
                .withMountPath("/data")
                .endVolumeMount()
                .addNewVolumeMount()
                .withName("config")
                .withMountPath("/part/x")
                .withSubPath("x")
                .endVolumeMount()
                .endContainer()
                .addNewVolume()
                .withName("data")
                .withNewEmptyDir()
                .withMedium("Memory")
                .endEmptyDir()
                .endVolume()
                .addNewVolume()
                .withName("config")
                .withNewConfigMap()
                .withName("parts")
                .endConfigMap()
                .endVolume()
                .endSpec()
                .build());

        await().atMost(Duration.ofSeconds(20))
                .until(() -> control.eventCount(
                                "secure",
                                "FailedMount MountVolume.SetUp failed for volume \"config\" : configmap \"parts\" not found")
                        > 0);
        control.add(new ConfigMapBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("parts")
                .endMetadata()
                .addToData("x", "part-of-it\n")
                .build());
        awaitReady("secure");
        Path log = containerd
                .dir()
                .resolve("pods/default_secure_" + pod.getMetadata().getUid() + "/main/0.log");
        await().untilAsserted(() -> assertThat(Files.readString(log))
                .contains("stdout F 1000\n")
                .contains("stdout F 2000\n")
                .contains("3000\n")
                .containsPattern("1000 +3000 +5 ")
                .contains("stdout F part-of-it\n")
                .contains("Read-only file system"));
        control.delete("secure", 1);
        await().atMost(Duration.ofSeconds(20))
                .until(() -> control.find("secure").isEmpty());
        assertThat(io.mizzen.kubelet.volume.Mounts.below(containerd.dir().resolve("kubelet")))
                .isEmpty();
    }
}

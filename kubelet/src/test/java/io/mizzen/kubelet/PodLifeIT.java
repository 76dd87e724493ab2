// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Pods on a real containerd, from creation to the last trace. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(240)
class PodLifeIT {
    private final MemoryControlPlane control = new MemoryControlPlane();
    private ContainerdFixture containerd;
    private Kubelet kubelet;

    @BeforeAll
    void start() throws Exception {
        containerd = new ContainerdFixture(211);
        kubelet = Kubelet.start(containerd.options("node-a"), control.ports(), new SimpleMeterRegistry());
    }

    @AfterAll
    void stop() throws Exception {
        kubelet.close();
        containerd.close();
    }

    static PodBuilder pod(String name, String script) {
        return new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace("default")
                .endMetadata()
                .withNewSpec()
                .withNodeName("node-a")
                .withRestartPolicy("Always")
                .withTerminationGracePeriodSeconds(1L)
                .addNewContainer()
                .withName("main")
                .withImage(ContainerdFixture.BUSYBOX)
                .withImagePullPolicy("IfNotPresent")
                .withCommand("/bin/sh", "-c", script)
                .endContainer()
                .endSpec();
    }

    private String log(Pod pod, String container, int run) throws IOException {
        Path file = containerd
                .dir()
                .resolve("pods/default_" + pod.getMetadata().getName() + "_"
                        + pod.getMetadata().getUid() + "/" + container + "/" + run + ".log");
        return Files.exists(file) ? Files.readString(file) : "";
    }

    @Test
    void runsAPodWithNetworkEnvironmentAndLogsAndLeavesNoTraceAfterDeletion() throws Exception {
        control.add(new ConfigMapBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("settings")
                .endMetadata()
                .addToData("colour", "green")
                .build());
        Pod pod = control.create(
                pod("hello", "echo colour=$COLOUR ip=$IP file=$(cat /config/colour) $0; hostname; sleep 600")
                        .editSpec()
                        .editContainer(0)
                        .withArgs("$(COLOUR)-arg")
                        .addNewEnv()
                        .withName("COLOUR")
                        .withNewValueFrom()
                        .withNewConfigMapKeyRef("colour", "settings", false)
                        .endValueFrom()
                        .endEnv()
                        .addNewEnv()
                        .withName("IP")
                        .withNewValueFrom()
                        .withNewFieldRef(null, "status.podIP")
                        .endValueFrom()
                        .endEnv()
                        .addNewVolumeMount()
                        .withName("config")
                        .withMountPath("/config")
                        .endVolumeMount()
                        .endContainer()
                        .addNewVolume()
                        .withName("config")
                        .withNewConfigMap()
                        .withName("settings")
                        .endConfigMap()
                        .endVolume()
                        .endSpec()
                        .build());

        await().atMost(Duration.ofSeconds(30))
                .until(() -> control.condition("hello", "Ready").equals("True"));
        PodStatus status = control.status("hello");
        assertThat(status.getPhase()).isEqualTo("Running");
        assertThat(status.getPodIP()).startsWith("10.88.211.");
        assertThat(status.getQosClass()).isEqualTo("BestEffort");
        await().untilAsserted(() -> assertThat(log(pod, "main", 0))
                .contains("stdout F colour=green ip=" + status.getPodIP() + " file=green green-arg")
                .contains("stdout F hello"));
        assertThat(Files.list(containerd.dir().resolve("containers"))
                        .map(p -> p.getFileName().toString()))
                .anyMatch(n -> n.startsWith("hello_default_main-"));
        assertThat(control.events).anyMatch(e -> e.contains("Created Container created"));

        control.delete("hello", 1);

        await().atMost(Duration.ofSeconds(30)).until(() -> control.find("hello").isEmpty());
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            assertThat(containerd
                            .dir()
                            .resolve("kubelet/pods/" + pod.getMetadata().getUid()))
                    .doesNotExist();
            assertThat(containerd
                            .dir()
                            .resolve("pods/default_hello_" + pod.getMetadata().getUid()))
                    .doesNotExist();
            assertThat(Path.of("/sys/fs/cgroup/memory/mzk211/kubepods/besteffort/pod"
                            + pod.getMetadata().getUid()))
                    .doesNotExist();
        });
        assertThat(control.eventCount("hello", "Killing Stopping container main"))
                .isEqualTo(1);
    }

    @Test
    void restartsACrashedContainerAtOnceAndThenBacksOff() {
        control.create(pod("crash", "echo going; exit 3").build());

        await().atMost(Duration.ofSeconds(60)).until(() -> {
            ContainerState state = control.container("crash", "main").getState();
            return state.getWaiting() != null
                    && "CrashLoopBackOff".equals(state.getWaiting().getReason());
        });
        ContainerStatus status = control.container("crash", "main");
        assertThat(status.getRestartCount()).isGreaterThanOrEqualTo(1);
        assertThat(status.getLastState().getTerminated().getExitCode()).isEqualTo(3);
        assertThat(status.getLastState().getTerminated().getReason()).isEqualTo("Error");
        assertThat(status.getState().getWaiting().getMessage())
                .startsWith("back-off 10s restarting failed container=main pod=crash_default(");
        assertThat(control.phase("crash")).isEqualTo("Running");
        assertThat(control.condition("crash", "Ready")).isEqualTo("False");
        assertThat(control.eventCount("crash", "BackOff Back-off restarting failed container main"))
                .isPositive();
        control.deleteNow("crash");
    }

    @Test
    void completesAPodWhoseContainersMayNotRestart() {
        control.create(pod("job", "echo done > /dev/termination-log")
                .editSpec()
                .withRestartPolicy("Never")
                .endSpec()
                .build());

        await().atMost(Duration.ofSeconds(30)).until(() -> control.phase("job").equals("Succeeded"));
        ContainerStateTerminated end =
                control.container("job", "main").getState().getTerminated();
        assertThat(end.getReason()).isEqualTo("Completed");
        assertThat(end.getMessage()).isEqualTo("done\n");
        assertThat(control.condition("job", "Initialized")).isEqualTo("True");
        control.delete("job", 30);
        await().atMost(Duration.ofSeconds(10)).until(() -> control.find("job").isEmpty());
    }

    @Test
    void startsInitContainersInOrderBeforeTheOthers() throws Exception {
        Pod pod = control.create(pod("init", "cat /work/order; sleep 600")
                .editSpec()
                .addNewInitContainer()
                .withName("first")
                .withImage(ContainerdFixture.BUSYBOX)
                .withCommand("/bin/sh", "-c", "echo first >> /work/order")
                .addNewVolumeMount()
                .withName("work")
                .withMountPath("/work")
                .endVolumeMount()
                .endInitContainer()
                .addNewInitContainer()
                .withName("side")
                .withImage(ContainerdFixture.BUSYBOX)
                .withRestartPolicy("Always")
                .withCommand("/bin/sh", "-c", "echo side >> /work/order; touch /tmp/up; sleep 600")
                .withNewStartupProbe()
                .withNewExec()
                .withCommand("cat", "/tmp/up")
                .endExec()
                .withPeriodSeconds(1)
                .endStartupProbe()
                .addNewVolumeMount()
                .withName("work")
                .withMountPath("/work")
                .endVolumeMount()
                .endInitContainer()
                .editContainer(0)
                .addNewVolumeMount()
                .withName("work")
                .withMountPath("/work")
                .endVolumeMount()
                .endContainer()
                .addNewVolume()
                .withName("work")
                .withNewEmptyDir()
                .endEmptyDir()
                .endVolume()
                .endSpec()
                .build());

        await().atMost(Duration.ofSeconds(40))
                .until(() -> control.condition("init", "Ready").equals("True"));
        await().untilAsserted(
                        () -> assertThat(log(pod, "main", 0)).containsSubsequence("stdout F first", "stdout F side"));
        control.deleteNow("init");
    }

    @Test
    void killsAContainerWhoseLivenessFailsAndHoldsReadinessBack() {
        control.create(pod("probed", "touch /tmp/alive /tmp/ready; sleep 4; rm /tmp/alive; sleep 600")
                .editSpec()
                .editContainer(0)
                .withNewLivenessProbe()
                .withNewExec()
                .withCommand("cat", "/tmp/alive")
                .endExec()
                .withPeriodSeconds(1)
                .withFailureThreshold(1)
                .withInitialDelaySeconds(1)
                .endLivenessProbe()
                .withNewReadinessProbe()
                .withNewTcpSocket()
                .withNewPort(9)
                .endTcpSocket()
                .withPeriodSeconds(1)
                .endReadinessProbe()
                .endContainer()
                .endSpec()
                .build());

        await().atMost(Duration.ofSeconds(60))
                .until(() -> control.container("probed", "main").getRestartCount() >= 1);
        assertThat(control.condition("probed", "Ready")).isEqualTo("False");
        assertThat(control.eventCount("probed", "Killing Container main failed liveness probe, will be restarted"))
                .isPositive();
        assertThat(control.eventCount("probed", "Unhealthy Readiness probe failed: dial tcp"))
                .isPositive();
        control.deleteNow("probed");
    }

    @Test
    void tellsWhyAnImageCannotBeHad() {
        control.create(pod("never", "true")
                .editSpec()
                .editContainer(0)
                .withImage("mizzen.local/absent:1")
                .withImagePullPolicy("Never")
                .endContainer()
                .endSpec()
                .build());
        control.create(pod("pull", "true")
                .editSpec()
                .editContainer(0)
                .withImage("127.0.0.1:9/absent:1")
                .endContainer()
                .endSpec()
                .build());
        control.create(pod("invalid", "true")
                .editSpec()
                .editContainer(0)
                .withImage("No Such/Image")
                .endContainer()
                .endSpec()
                .build());

        await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
            assertThat(waiting("never")).isEqualTo("ErrImageNeverPull");
            assertThat(waiting("invalid")).isEqualTo("InvalidImageName");
            assertThat(waiting("pull")).isEqualTo("ImagePullBackOff");
        });
        assertThat(control.eventCount("pull", "Failed Error: ErrImagePull")).isPositive();
        List.of("never", "pull", "invalid").forEach(control::deleteNow);
    }

    private String waiting(String name) {
        ContainerState state = control.container(name, "main").getState();
        return state.getWaiting() == null ? "" : state.getWaiting().getReason();
    }
}

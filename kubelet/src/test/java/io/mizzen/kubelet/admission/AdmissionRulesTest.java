// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.admission;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.TaintBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AdmissionRulesTest {
    private static final Map<String, Quantity> ALLOCATABLE = Map.of(
            "cpu", new Quantity("2"),
            "memory", new Quantity("1Gi"),
            "ephemeral-storage", new Quantity("10Gi"),
            "hugepages-2Mi", new Quantity("0"),
            "pods", new Quantity("3"));

    private static NodeView node(List<Taint> taints, String... pressures) {
        return new NodeView("n", Map.of("disk", "ssd", "cores", "8"), taints, ALLOCATABLE, Set.of(pressures));
    }

    private static Pod pod(String spec) {
        return Serialization.unmarshal("metadata: {name: p, uid: u}\nspec: " + spec, Pod.class);
    }

    private static Pod asking(String requests) {
        return pod("{containers: [{name: a, resources: {requests: " + requests + "}}]}");
    }

    private static Optional<Rejection> check(Pod pod, Pod... active) {
        return AdmissionRules.check(pod, List.of(active), node(List.of()));
    }

    @Test
    void letsInWhatFits() {
        assertThat(check(asking("{cpu: '1', memory: 1Gi}"), asking("{cpu: '1'}")))
                .isEmpty();
        assertThat(check(asking("{example.com/gpu: '1'}")))
                .as("a resource that no device plugin of this node tells is the scheduler's alone")
                .isEmpty();
    }

    @Test
    void refusesWhatDoesNotFitInUpstreamsWords() {
        assertThat(check(asking("{cpu: '4'}"), asking("{cpu: 100m}")))
                .contains(new Rejection(
                        "OutOfcpu",
                        "Node didn't have enough resource: cpu, requested: 4000, used: 100, capacity: 2000"));
        assertThat(check(asking("{memory: 2Gi}")).orElseThrow().message())
                .isEqualTo("Node didn't have enough resource: memory, requested: 2147483648, used: 0,"
                        + " capacity: 1073741824");
        assertThat(check(asking("{ephemeral-storage: 11Gi}")).orElseThrow().reason())
                .isEqualTo("OutOfephemeral-storage");
        assertThat(check(asking("{hugepages-2Mi: 2Mi}")).orElseThrow().reason()).isEqualTo("OutOfhugepages-2Mi");
        Pod small = asking("{}");
        assertThat(check(small, small, small, small))
                .contains(new Rejection(
                        "OutOfpods", "Node didn't have enough resource: pods, requested: 1, used: 3, capacity: 3"));
    }

    @Test
    void countsSidecarsAndTheLargestInitContainer() {
        Pod init = pod("{initContainers: [{name: i, resources: {requests: {cpu: '3'}}}], containers: [{name: a}]}");
        Pod sidecar = pod("{initContainers: [{name: i, restartPolicy: Always, resources: {requests: {cpu: '1500m'}}}],"
                + " containers: [{name: a, resources: {requests: {cpu: '1'}}}]}");

        assertThat(check(init).orElseThrow().message()).contains("requested: 3000,");
        assertThat(check(sidecar).orElseThrow().message()).contains("requested: 2500,");
    }

    @Test
    void refusesKernelParametersThatOthersWouldFeel() {
        String spec = "{%s: true, securityContext: {sysctls: [{name: %s, value: '1'}]}, containers: [{name: a}]}";

        assertThat(check(pod(spec.formatted("hostPID", "net/ipv4/tcp_syncookies"))))
                .isEmpty();
        assertThat(check(pod(spec.formatted("hostPID", "kernel.msgmax"))))
                .contains(new Rejection("SysctlForbidden", "forbidden sysctl: \"kernel.msgmax\" not allowlisted"));
        assertThat(check(pod(spec.formatted("hostNetwork", "net.ipv4.tcp_rmem"))))
                .contains(new Rejection(
                        "SysctlForbidden",
                        "forbidden sysctl: \"net.ipv4.tcp_rmem\" not allowed with host net enabled"));
        assertThat(check(pod(spec.formatted("hostIPC", "kernel.shm_rmid_forced"))))
                .contains(new Rejection(
                        "SysctlForbidden",
                        "forbidden sysctl: \"kernel.shm_rmid_forced\" not allowed with host ipc enabled"));
    }

    @Test
    void refusesAnotherPlace() {
        Rejection affinity = new Rejection(
                "NodeAffinity", "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector");
        assertThat(check(pod("{nodeSelector: {disk: hdd}, containers: [{name: a}]}")))
                .contains(affinity);
        String required =
                "{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms:"
                        + " [%s]}}}, containers: [{name: a}]}";
        assertThat(check(pod(required.formatted("{matchExpressions: [{key: cores, operator: Gt, values: ['4']}]}"))))
                .isEmpty();
        assertThat(check(pod(required.formatted("{matchExpressions: [{key: cores, operator: Gt, values: ['8']}]}"))))
                .contains(affinity);
        assertThat(check(pod(required.formatted("{matchFields: [{key: metadata.name, operator: In, values: [m]}]}"))))
                .contains(affinity);
        assertThat(check(pod("{nodeName: m, containers: [{name: a}]}"))
                        .orElseThrow()
                        .reason())
                .isEqualTo("NodeName");
    }

    @Test
    void refusesATakenHostPort() {
        String port = "{containers: [{name: a, ports: [{containerPort: 1, hostPort: 80%s}]}]}";

        assertThat(check(pod(port.formatted("")), pod(port.formatted(", hostIP: 10.0.0.1")))
                        .orElseThrow()
                        .reason())
                .isEqualTo("NodePorts");
        assertThat(check(pod(port.formatted(", hostIP: 10.0.0.2")), pod(port.formatted(", hostIP: 10.0.0.1"))))
                .isEmpty();
        assertThat(check(pod(port.formatted(", protocol: UDP")), pod(port.formatted(""))))
                .isEmpty();
    }

    @Test
    void refusesOnlyForTaintsThatEvict() {
        Taint taint = new TaintBuilder()
                .withKey("k")
                .withValue("v")
                .withEffect("NoExecute")
                .build();
        Taint soft = new TaintBuilder(taint).withEffect("NoSchedule").build();
        Pod plain = pod("{containers: [{name: a}]}");
        Pod tolerant = pod("{tolerations: [{key: k, value: v, effect: NoExecute}], containers: [{name: a}]}");

        assertThat(AdmissionRules.check(plain, List.of(), node(List.of(taint))))
                .contains(new Rejection(
                        "TaintToleration",
                        "Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate"));
        assertThat(AdmissionRules.check(tolerant, List.of(), node(List.of(taint))))
                .isEmpty();
        assertThat(AdmissionRules.check(plain, List.of(), node(List.of(soft)))).isEmpty();
    }

    @Test
    void underPressureLetsInWhatMayStay() {
        Pod bestEffort = pod("{containers: [{name: a}]}");
        Pod burstable = asking("{cpu: 100m}");
        Pod critical = pod("{priority: 2000000000, containers: [{name: a}]}");
        Pod tolerant = pod("{tolerations: [{key: node.kubernetes.io/memory-pressure, operator: Exists}],"
                + " containers: [{name: a}]}");
        NodeView memory = node(List.of(), "MemoryPressure");
        NodeView disk = node(List.of(), "DiskPressure", "MemoryPressure");

        assertThat(AdmissionRules.check(bestEffort, List.of(), memory))
                .contains(new Rejection("Evicted", "The node had condition: [MemoryPressure]. "));
        assertThat(AdmissionRules.check(burstable, List.of(), memory)).isEmpty();
        assertThat(AdmissionRules.check(tolerant, List.of(), memory)).isEmpty();
        assertThat(AdmissionRules.check(burstable, List.of(), disk))
                .contains(new Rejection("Evicted", "The node had condition: [DiskPressure MemoryPressure]. "));
        assertThat(AdmissionRules.check(critical, List.of(), disk)).isEmpty();
    }

    @Test
    void nobodyNewComesBeforeThoseWhoWereThere() {
        Admission admission = new Admission(() -> node(List.of()));
        Pod running = Serialization.unmarshal(
                "metadata: {name: r, uid: r}\nspec: {containers: [{name: a, resources: {requests: {cpu: '9'}}}]}\n"
                        + "status: {phase: Running, startTime: '2020-01-01T00:00:00Z'}",
                Pod.class);
        Pod ended = Serialization.unmarshal(
                "metadata: {name: e, uid: e}\nspec: {containers: [{name: a}]}\n"
                        + "status: {phase: Failed, startTime: '2020-01-01T00:00:00Z'}",
                Pod.class);

        assertThat(admission.enter(asking("{cpu: '1'}"))).isEqualTo(new Admission.Answer.NotYet());
        assertThat(admission.readmit(running))
                .as("it may stay although it is too large")
                .isTrue();
        assertThat(admission.readmit(ended)).isFalse();
        assertThat(admission.enter(running)).isEqualTo(new Admission.Answer.Admitted());
        admission.open();
        assertThat(admission.enter(asking("{cpu: '1'}"))).isInstanceOf(Admission.Answer.Rejected.class);
        admission.leave("r");
        assertThat(admission.enter(asking("{cpu: '1'}"))).isEqualTo(new Admission.Answer.Admitted());
        assertThat(admission.active()).hasSize(1);
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.EndpointPort;
import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.ServicePortBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EndpointPlansTest {

    private final Service service = service();

    @Test
    void makesOneSliceWithTheConditionsOfEachPod() {
        EndpointSlice slice = decide(List.of(pod(1, true, false), pod(2, false, false), pod(3, true, true)), List.of())
                .create()
                .getFirst();

        assertThat(slice.getPorts().getFirst().getPort()).isEqualTo(8080);
        assertThat(slice.getMetadata().getLabels())
                .containsEntry("kubernetes.io/service-name", "web")
                .containsEntry("endpointslice.kubernetes.io/managed-by", "endpointslice-controller.k8s.io");
        assertThat(slice.getEndpoints())
                .extracting(EndpointPlansTest::conditions)
                .containsExactly("TTF", "FFF", "FTT");
    }

    @Test
    void makesAnEmptySliceForAServiceWithoutPods() {
        assertThat(decide(List.of(), List.of()).create().getFirst().getEndpoints())
                .isEmpty();
    }

    @Test
    void writesOnlyTheSliceThatAChangedPodIsIn() {
        List<Pod> pods = new ArrayList<>();
        for (int i = 0; i < 150; i++) {
            pods.add(pod(i, true, false));
        }
        List<EndpointSlice> slices = named(decide(pods, List.of()).create());
        assertThat(slices).extracting(s -> s.getEndpoints().size()).containsExactly(100, 50);
        assertThat(decide(pods, slices).update()).isEmpty();

        String victim = slices.get(1).getEndpoints().getFirst().getTargetRef().getName();
        pods.removeIf(p -> p.getMetadata().getName().equals(victim));
        SlicePlan.Changes changes = decide(pods, slices);

        assertThat(changes.update()).hasSize(1);
        assertThat(changes.update().getFirst().getMetadata().getName()).isEqualTo("slice-1");
        assertThat(changes.create()).isEmpty();
        assertThat(changes.delete()).isEmpty();
    }

    @Test
    void fillsASliceBeforeItMakesAnother() {
        List<EndpointSlice> slices =
                named(decide(List.of(pod(1, true, false)), List.of()).create());

        SlicePlan.Changes changes = decide(List.of(pod(1, true, false), pod(2, true, false)), slices);

        assertThat(changes.create()).isEmpty();
        assertThat(changes.update().getFirst().getEndpoints()).hasSize(2);
    }

    @Test
    void makesSlicesAnewForAServiceThatWasMadeAgain() {
        List<Pod> pods = List.of(pod(1, true, false));
        List<EndpointSlice> slices = named(decide(pods, List.of()).create());
        Service again = new ServiceBuilder(service)
                .editMetadata()
                .withUid("another")
                .endMetadata()
                .build();

        SlicePlan.Changes changes = SlicePlan.decide(new SlicePlan.Observed(again, pods, Map.of(), slices));

        assertThat(changes.create().getFirst().getEndpoints()).hasSize(1);
        assertThat(changes.create().getFirst().getMetadata().getOwnerReferences())
                .extracting(OwnerReference::getUid)
                .containsExactly("another");
        assertThat(changes.update()).isEmpty();
        assertThat(changes.delete()).isEqualTo(slices);
    }

    @Test
    void leavesEndedPodsOutAndPublishesUnreadyOnesWhenAsked() {
        Pod ended = new PodBuilder(pod(1, false, false))
                .editStatus()
                .withPhase("Succeeded")
                .endStatus()
                .build();
        service.getSpec().setPublishNotReadyAddresses(true);

        List<Endpoint> endpoints = decide(List.of(ended, pod(2, false, false)), List.of())
                .create()
                .getFirst()
                .getEndpoints();

        assertThat(endpoints).extracting(EndpointPlansTest::conditions).containsExactly("TFF");
    }

    @Test
    void groupsEndpointsByReadiness() {
        Endpoints endpoints = EndpointsPlan.decide(
                        service,
                        List.of(pod(1, true, false), pod(2, false, false), pod(3, true, true)),
                        Optional.empty())
                .orElseThrow();

        assertThat(endpoints.getSubsets()).hasSize(1);
        assertThat(endpoints.getSubsets().getFirst().getAddresses())
                .extracting(a -> a.getIp())
                .containsExactly("10.0.0.1");
        assertThat(endpoints.getSubsets().getFirst().getNotReadyAddresses())
                .extracting(a -> a.getIp())
                .containsExactly("10.0.0.2");
        assertThat(EndpointsPlan.decide(
                        service, List.of(pod(1, true, false), pod(2, false, false)), Optional.of(endpoints)))
                .isEmpty();
    }

    @Test
    void putsEachPortIntoOneSubsetWithAllThatOfferIt() {
        service.getSpec()
                .setPorts(List.of(
                        port("web", new IntOrString("http")),
                        port("admin", new IntOrString(9000)),
                        port("health", new IntOrString(9001))));
        Pod portless = new PodBuilder(pod(2, true, false))
                .editSpec()
                .editContainer(0)
                .withPorts()
                .endContainer()
                .endSpec()
                .build();

        Endpoints endpoints = EndpointsPlan.decide(service, List.of(pod(1, true, false), portless), Optional.empty())
                .orElseThrow();

        assertThat(endpoints.getSubsets())
                .extracting(subset ->
                        subset.getPorts().stream().map(EndpointPort::getName).toList() + " of "
                                + subset.getAddresses().size())
                .containsExactly("[admin, health] of 2", "[web] of 1");
    }

    @Test
    void marksEndpointsOnlyWhileTheyAreCut() {
        List<Pod> pods = new ArrayList<>();
        for (int i = 0; i < 1001; i++) {
            pods.add(pod(i, i > 0, false));
        }

        Endpoints cut = EndpointsPlan.decide(service, pods, Optional.empty()).orElseThrow();
        Endpoints whole = EndpointsPlan.decide(service, pods.subList(1, 1001), Optional.of(cut))
                .orElseThrow();

        assertThat(cut.getMetadata().getAnnotations())
                .containsEntry("endpoints.kubernetes.io/over-capacity", "truncated");
        assertThat(cut.getSubsets().getFirst().getAddresses()).hasSize(1000);
        assertThat(whole.getSubsets()).isEqualTo(cut.getSubsets());
        assertThat(whole.getMetadata().getAnnotations()).doesNotContainKey("endpoints.kubernetes.io/over-capacity");
    }

    private static ServicePort port(String name, IntOrString target) {
        return new ServicePortBuilder()
                .withName(name)
                .withProtocol("TCP")
                .withPort(80)
                .withTargetPort(target)
                .build();
    }

    @Test
    void hintsAtTheNodeOfReadyEndpointsWhenTrafficIsToStayThere() {
        service.getSpec().setTrafficDistribution("PreferSameNode");

        List<Endpoint> endpoints = decide(List.of(pod(1, true, false), pod(2, false, false)), List.of())
                .create()
                .getFirst()
                .getEndpoints();

        assertThat(endpoints.getFirst().getHints().getForNodes().getFirst().getName())
                .isEqualTo("node");
        assertThat(endpoints.getLast().getHints()).isNull();
    }

    private SlicePlan.Changes decide(List<Pod> pods, List<EndpointSlice> slices) {
        return SlicePlan.decide(new SlicePlan.Observed(service, pods, Map.of(), slices));
    }

    private static List<EndpointSlice> named(List<EndpointSlice> slices) {
        for (int i = 0; i < slices.size(); i++) {
            slices.get(i).getMetadata().setName("slice-" + i);
        }
        return slices;
    }

    private static String conditions(Endpoint endpoint) {
        var c = endpoint.getConditions();
        return letter(c.getReady()) + letter(c.getServing()) + letter(c.getTerminating());
    }

    private static String letter(boolean value) {
        return value ? "T" : "F";
    }

    private static Service service() {
        return new ServiceBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("web")
                .withUid("uid-service")
                .endMetadata()
                .withNewSpec()
                .withClusterIP("10.43.0.5")
                .withIpFamilies("IPv4")
                .addToSelector("app", "web")
                .addNewPort()
                .withPort(80)
                .withProtocol("TCP")
                .withTargetPort(new IntOrString("http"))
                .endPort()
                .endSpec()
                .build();
    }

    private static Pod pod(int number, boolean ready, boolean terminating) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("pod-" + number)
                .withUid(String.format("uid-%03d", number))
                .addToLabels("app", "web")
                .withDeletionTimestamp(terminating ? "2026-01-01T00:00:00Z" : null)
                .endMetadata()
                .withNewSpec()
                .withNodeName("node")
                .addNewContainer()
                .addNewPort()
                .withName("http")
                .withContainerPort(8080)
                .withProtocol("TCP")
                .endPort()
                .endContainer()
                .endSpec()
                .withNewStatus()
                .withPhase("Running")
                .withPodIP("10.0.0." + number)
                .addNewCondition()
                .withType("Ready")
                .withStatus(ready ? "True" : "False")
                .withLastTransitionTime("2026-01-01T00:00:00Z")
                .endCondition()
                .endStatus()
                .build();
    }
}

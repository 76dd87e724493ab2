// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.EndpointsBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MirrorPlanTest {
    private final Service service = new ServiceBuilder()
            .withNewMetadata()
            .withNamespace("default")
            .withName("outside")
            .endMetadata()
            .withNewSpec()
            .endSpec()
            .build();

    @Test
    void mirrorsReadyAndUnreadyAddressesByFamily() {
        Endpoints source = new EndpointsBuilder(endpoints("192.0.2.1"))
                .editFirstSubset()
                .addNewAddress()
                .withIp("2001:db8::1")
                .endAddress()
                .addNewNotReadyAddress()
                .withIp("192.0.2.2")
                .endNotReadyAddress()
                .endSubset()
                .build();

        List<EndpointSlice> created = decide(source, List.of()).create();

        assertThat(created).extracting(EndpointSlice::getAddressType).containsExactly("IPv4", "IPv6");
        EndpointSlice four = created.getFirst();
        assertThat(four.getEndpoints())
                .extracting(e ->
                        e.getAddresses().getFirst() + " " + e.getConditions().getReady())
                .containsExactly("192.0.2.1 true", "192.0.2.2 false");
        assertThat(four.getPorts().getFirst().getPort()).isEqualTo(5432);
        assertThat(four.getMetadata().getLabels())
                .containsEntry("kubernetes.io/service-name", "outside")
                .containsEntry("endpointslice.kubernetes.io/managed-by", "endpointslicemirroring-controller.k8s.io")
                .containsEntry("team", "db");
        assertThat(four.getMetadata().getOwnerReferences().getFirst().getKind()).isEqualTo("Endpoints");
    }

    @Test
    void writesNothingWhenTheSlicesAreRight() {
        SlicePlan.Changes changes = decide(endpoints("192.0.2.1"), mirrored());

        assertThat(changes.create()).isEmpty();
        assertThat(changes.update()).isEmpty();
        assertThat(changes.delete()).isEmpty();
    }

    @Test
    void changesTheSliceOfAChangedAddress() {
        SlicePlan.Changes changes = decide(endpoints("192.0.2.9"), mirrored());

        assertThat(changes.create()).isEmpty();
        assertThat(changes.update().getFirst().getEndpoints().getFirst().getAddresses())
                .containsExactly("192.0.2.9");
    }

    @Test
    void removesTheSlicesOfAServiceThatGotASelectorOrAskedForNone() {
        Service selecting = new ServiceBuilder(service)
                .editSpec()
                .withSelector(Map.of("app", "x"))
                .endSpec()
                .build();
        Endpoints skipped = new EndpointsBuilder(endpoints("192.0.2.1"))
                .editMetadata()
                .addToLabels("endpointslice.kubernetes.io/skip-mirror", "true")
                .endMetadata()
                .build();

        assertThat(MirrorPlan.decide(Optional.of(selecting), endpoints("192.0.2.1"), mirrored())
                        .delete())
                .hasSize(1);
        assertThat(decide(skipped, mirrored()).delete()).hasSize(1);
        assertThat(MirrorPlan.decide(Optional.empty(), endpoints("192.0.2.1"), List.of())
                        .create())
                .isEmpty();
    }

    @Test
    void makesASliceAnewForEndpointsThatWereMadeAgain() {
        Endpoints again = new EndpointsBuilder(endpoints("192.0.2.1"))
                .editMetadata()
                .withUid("another")
                .endMetadata()
                .build();

        SlicePlan.Changes changes = decide(again, mirrored());

        assertThat(changes.create())
                .extracting(slice ->
                        slice.getMetadata().getOwnerReferences().getFirst().getUid())
                .containsExactly("another");
        assertThat(changes.update()).isEmpty();
        assertThat(changes.delete()).hasSize(1);
    }

    private SlicePlan.Changes decide(Endpoints source, List<EndpointSlice> present) {
        return MirrorPlan.decide(Optional.of(service), source, present);
    }

    private List<EndpointSlice> mirrored() {
        return decide(endpoints("192.0.2.1"), List.of()).create().stream()
                .map(slice -> new EndpointSliceBuilder(slice)
                        .editMetadata()
                        .withName("outside-1")
                        .endMetadata()
                        .build())
                .toList();
    }

    private static Endpoints endpoints(String ip) {
        return new EndpointsBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("outside")
                .withUid("u")
                .addToLabels("team", "db")
                .addToAnnotations("kubectl.kubernetes.io/last-applied-configuration", "{}")
                .endMetadata()
                .addNewSubset()
                .addNewAddress()
                .withIp(ip)
                .endAddress()
                .addNewPort()
                .withPort(5432)
                .endPort()
                .endSubset()
                .build();
    }
}

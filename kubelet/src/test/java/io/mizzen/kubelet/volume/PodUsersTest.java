// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.volume;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PodUsersTest {
    @Test
    void aContainersOwnUserCountsBeforeThePods() {
        assertThat(PodUsers.of(pod(1L, container(2L)), container(2L))).isEqualTo(2);
        assertThat(PodUsers.of(pod(1L, container(null)), container(null))).isEqualTo(1);
        assertThat(PodUsers.of(pod(null, container(null)), container(null))).isNull();
    }

    @Test
    void aPodHasAUserWhenAllItsContainersHaveTheSame() {
        assertThat(PodUsers.ofAll(pod(null, container(5L), container(5L)))).isEqualTo(OptionalLong.of(5));
        assertThat(PodUsers.ofAll(pod(5L, container(null), container(5L)))).isEqualTo(OptionalLong.of(5));
        assertThat(PodUsers.ofAll(pod(5L, container(6L), container(null)))).isEmpty();
        assertThat(PodUsers.ofAll(pod(null, container(6L), container(null)))).isEmpty();
    }

    private static Pod pod(@Nullable Long user, Container... containers) {
        return new PodBuilder()
                .withNewSpec()
                .withNewSecurityContext()
                .withRunAsUser(user)
                .endSecurityContext()
                .withContainers(containers)
                .endSpec()
                .build();
    }

    private static Container container(@Nullable Long user) {
        return new ContainerBuilder()
                .withNewSecurityContext()
                .withRunAsUser(user)
                .endSecurityContext()
                .build();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class OwnWritesTest {

    private static final ConfigMap OLD = atVersion("99");
    private static final ConfigMap NEW = atVersion("100");
    private static final Function<ObjectKey, Optional<ConfigMap>> NEVER_ASKED = key -> {
        throw new AssertionError("nothing to ask about " + key);
    };

    private final ManualClock clock = new ManualClock();
    private final OwnWrites<String> writes = new OwnWrites<>(clock);

    @Test
    void areSeenWhenTheCacheIsAtTheAnswersVersion() {
        assertThat(writes.send("owner", OLD, object -> NEW)).isSameAs(NEW);

        assertThat(writes.areSeen("owner", List.of(), NEVER_ASKED)).isFalse();
        assertThat(writes.areSeen("owner", List.of(OLD), NEVER_ASKED)).isFalse();
        assertThat(writes.areSeen("other", List.of(OLD), NEVER_ASKED)).isTrue();
        assertThat(writes.areSeen("owner", List.of(NEW), NEVER_ASKED)).isTrue();
        assertThat(writes.areSeen("owner", List.of(), NEVER_ASKED)).isTrue();
    }

    @Test
    void areForgottenWhenTheObjectIsGoneOrTheTimeIsOver() {
        writes.note("owner", NEW);
        writes.gone("owner", "another uid");
        assertThat(writes.areSeen("owner", List.of(), NEVER_ASKED)).isFalse();
        writes.gone("owner", "uid");
        assertThat(writes.areSeen("owner", List.of(), NEVER_ASKED)).isTrue();

        writes.note("owner", NEW);
        clock.advance(Duration.ofMinutes(5).plusMillis(1));
        assertThat(writes.areSeen("owner", List.of(), NEVER_ASKED)).isTrue();
    }

    @Test
    void anUnansweredWriteIsWaitedForWhenItHasHappened() {
        failToSend(0);

        assertThat(writes.areSeen("owner", List.of(OLD), key -> Optional.of(NEW)))
                .isFalse();
        assertThat(writes.areSeen("owner", List.of(OLD), NEVER_ASKED)).isFalse();
        assertThat(writes.areSeen("owner", List.of(NEW), NEVER_ASKED)).isTrue();
    }

    @Test
    void anUnansweredWriteThatHasNotHappenedIsNotWaitedFor() {
        failToSend(504);
        assertThat(writes.areSeen("owner", List.of(OLD), key -> Optional.of(OLD)))
                .isTrue();
        assertThat(writes.areSeen("owner", List.of(OLD), NEVER_ASKED)).isTrue();

        failToSend(500);
        assertThat(writes.areSeen("owner", List.of(), key -> Optional.empty())).isTrue();
        assertThat(writes.areSeen("owner", List.of(), NEVER_ASKED)).isTrue();
    }

    @Test
    void anUnansweredWriteIsAskedAboutUntilThereIsAnAnswer() {
        failToSend(0);

        assertThatThrownBy(() -> writes.areSeen("owner", List.of(OLD), key -> {
                    throw new KubernetesClientException("no answer to " + key);
                }))
                .hasMessage("no answer to default/settings");
        assertThat(writes.areSeen("owner", List.of(OLD), key -> Optional.of(NEW)))
                .isFalse();
    }

    @Test
    void aRefusedOrForgottenWriteIsNotAskedAbout() {
        failToSend(409);
        assertThat(writes.areSeen("owner", List.of(OLD), NEVER_ASKED)).isTrue();

        failToSend(0);
        writes.forget("owner");
        assertThat(writes.areSeen("owner", List.of(OLD), NEVER_ASKED)).isTrue();
    }

    private void failToSend(int code) {
        KubernetesClientException failure =
                code == 0 ? new KubernetesClientException("no answer") : ApiErrors.of(code, "Failure", "code " + code);
        assertThatThrownBy(() -> writes.send("owner", OLD, object -> {
                    throw failure;
                }))
                .isSameAs(failure);
    }

    private static ConfigMap atVersion(String version) {
        return new ConfigMapBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("settings")
                .withUid("uid")
                .withResourceVersion(version)
                .endMetadata()
                .build();
    }
}

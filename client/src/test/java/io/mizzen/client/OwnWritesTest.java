// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class OwnWritesTest {

    private static final Secret OWNER = owner("owner's uid");
    private static final Secret OTHER = owner("other's uid");
    private static final ConfigMap OLD = atVersion("99");
    private static final ConfigMap NEW = atVersion("100");
    private static final Supplier<List<ConfigMap>> NEVER_ASKED = () -> {
        throw new AssertionError("nothing to ask about");
    };

    private final ManualClock clock = new ManualClock();
    private final OwnWrites writes = new OwnWrites(clock);

    @Test
    void areSeenWhenTheCacheIsAtTheAnswersVersion() {
        assertThat(writes.send(OWNER, () -> NEW)).isSameAs(NEW);

        assertThat(writes.areSeen(OWNER, List.of(), NEVER_ASKED)).isFalse();
        assertThat(writes.areSeen(OWNER, List.of(OLD), NEVER_ASKED)).isFalse();
        assertThat(writes.areSeen(OTHER, List.of(OLD), NEVER_ASKED)).isTrue();
        assertThat(writes.areSeen(OWNER, List.of(NEW), NEVER_ASKED)).isTrue();
        assertThat(writes.areSeen(OWNER, List.of(), NEVER_ASKED)).isTrue();
    }

    @Test
    void areForgottenWhenTheObjectIsGoneOrAnothersOrTheTimeIsOver() {
        ChangeHandler<ConfigMap> handler = writes.ownedHandler();
        ConfigMap owned = of("uid", OWNER);
        assertThat(writes.send(OWNER, () -> NEW)).isSameAs(NEW);
        handler.added(owned);
        handler.updated(owned, owned);
        handler.deleted(of("another uid", OWNER));
        handler.deleted(of("uid", OTHER));
        assertThat(writes.areSeen(OWNER, List.of(), NEVER_ASKED)).isFalse();

        handler.deleted(owned);
        assertThat(writes.areSeen(OWNER, List.of(), NEVER_ASKED)).isTrue();

        assertThat(writes.send(OWNER, () -> NEW)).isSameAs(NEW);
        handler.updated(owned, of("uid", OTHER));
        assertThat(writes.areSeen(OWNER, List.of(), NEVER_ASKED)).isTrue();

        assertThat(writes.send(OWNER, () -> NEW)).isSameAs(NEW);
        handler.updated(owned, of("another uid", OWNER));
        assertThat(writes.areSeen(OWNER, List.of(), NEVER_ASKED)).isTrue();

        assertThat(writes.send(OWNER, () -> NEW)).isSameAs(NEW);
        clock.advance(Duration.ofMinutes(5).plusMillis(1));
        assertThat(writes.areSeen(OWNER, List.of(), NEVER_ASKED)).isTrue();
    }

    @Test
    void anAnsweredAttemptIsNotWaitedFor() {
        assertThat(writes.attempt(OWNER, () -> NEW)).isSameAs(NEW);

        assertThat(writes.areSeen(OWNER, List.of(OLD), NEVER_ASKED)).isTrue();
    }

    @Test
    void anObjectThatIsSeenToGoBeforeItsWriteIsAnsweredIsNotWaitedFor() {
        ChangeHandler<ConfigMap> handler = writes.ownedHandler();

        ConfigMap answer = writes.send(OWNER, () -> {
            handler.deleted(of("uid", OWNER));
            handler.deleted(of("another uid", OWNER));
            return NEW;
        });

        assertThat(answer).isSameAs(NEW);
        assertThat(writes.areSeen(OWNER, List.of(), NEVER_ASKED)).isTrue();
        assertThat(writes.send(OWNER, () -> NEW)).isSameAs(NEW);
        assertThat(writes.areSeen(OWNER, List.of(), NEVER_ASKED)).isFalse();
    }

    @Test
    void anUnansweredWriteIsWaitedForWhenItHasHappened() {
        failToSend(0);

        assertThat(writes.areSeen(OWNER, List.of(OLD), () -> List.of(NEW))).isFalse();
        assertThat(writes.areSeen(OWNER, List.of(OLD), NEVER_ASKED)).isFalse();
        assertThat(writes.areSeen(OWNER, List.of(NEW), NEVER_ASKED)).isTrue();
    }

    @Test
    void anUnansweredWriteThatHasNotHappenedIsNotWaitedFor() {
        failToSend(504);
        assertThat(writes.areSeen(OWNER, List.of(OLD), () -> List.of(OLD))).isTrue();
        assertThat(writes.areSeen(OWNER, List.of(OLD), NEVER_ASKED)).isTrue();

        failToSend(500);
        assertThat(writes.areSeen(OWNER, List.of(), List::of)).isTrue();
        assertThat(writes.areSeen(OWNER, List.of(), NEVER_ASKED)).isTrue();
    }

    @Test
    void anUnansweredWriteIsAskedAboutUntilThereIsAnAnswer() {
        failToSend(0);

        assertThatThrownBy(() -> writes.areSeen(OWNER, List.of(OLD), () -> {
                    throw new KubernetesClientException("still no answer");
                }))
                .hasMessage("still no answer");
        assertThat(writes.areSeen(OWNER, List.of(OLD), () -> List.of(NEW))).isFalse();
    }

    @Test
    void aRefusedWriteIsNotAskedAbout() {
        failToSend(409);

        assertThat(writes.areSeen(OWNER, List.of(OLD), NEVER_ASKED)).isTrue();
    }

    @Test
    void areForgottenWhenTheOwnerIsGoneOrAnotherOfItsName() {
        ChangeHandler<Secret> handler = writes.ownerHandler();
        failToSend(0);
        assertThat(writes.send(OWNER, () -> NEW)).isSameAs(NEW);
        handler.added(OWNER);
        handler.updated(OWNER, OWNER);
        assertThat(writes.areSeen(OTHER, List.of(), NEVER_ASKED)).isTrue();
        assertThat(writes.areSeen(OWNER, List.of(), List::of)).isFalse();

        handler.updated(OWNER, OTHER);
        assertThat(writes.areSeen(OWNER, List.of(), NEVER_ASKED)).isTrue();

        failToSend(0);
        handler.deleted(OWNER);
        assertThat(writes.areSeen(OWNER, List.of(), NEVER_ASKED)).isTrue();
    }

    private void failToSend(int code) {
        KubernetesClientException failure =
                code == 0 ? new KubernetesClientException("no answer") : ApiErrors.of(code, "Failure", "code " + code);
        assertThatThrownBy(() -> writes.send(OWNER, () -> {
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

    private static ConfigMap of(String uid, Secret owner) {
        return new ConfigMapBuilder(NEW)
                .editMetadata()
                .withUid(uid)
                .withOwnerReferences(OwnerReferences.controller(owner))
                .endMetadata()
                .build();
    }

    private static Secret owner(String uid) {
        return new SecretBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("owner")
                .withUid(uid)
                .endMetadata()
                .build();
    }
}

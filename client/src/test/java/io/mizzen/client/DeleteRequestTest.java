// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.client.KubernetesClientException;
import org.junit.jupiter.api.Test;

class DeleteRequestTest {

    private static final KubernetesClientException ABSENT = ApiErrors.of(404, "NotFound", "absent");
    private static final KubernetesClientException CONFLICT = ApiErrors.of(409, "Conflict", "another");

    @Test
    void tellsAnObjectThatHasGoneFromOneThatItDeleted() {
        assertThat(DeleteRequest.plain().unlessGone(() -> {})).isTrue();
        assertThat(DeleteRequest.plain().unlessGone(failing(ABSENT))).isFalse();
    }

    private static final KubernetesClientException OTHER_UID =
            ApiErrors.of(409, "Conflict", "Precondition failed: UID in precondition: one, UID in object meta: two");

    @Test
    void takesAnotherUidForTheEndOfTheObjectMeant() {
        assertThat(DeleteRequest.ofUid("one").unlessGone(failing(OTHER_UID))).isFalse();
    }

    @Test
    void throwsAConflictWithOthersWhoWrite() {
        assertThatThrownBy(() -> DeleteRequest.ofUid("one").unlessGone(failing(CONFLICT)))
                .isSameAs(CONFLICT);
    }

    @Test
    void throwsAConflictThatMayBeAboutTheVersion() {
        DeleteRequest request = DeleteRequest.ofUid("one").atVersion("7");

        assertThatThrownBy(() -> request.unlessGone(failing(CONFLICT))).isSameAs(CONFLICT);
        assertThatThrownBy(() -> DeleteRequest.plain().unlessGone(failing(CONFLICT)))
                .isSameAs(CONFLICT);
    }

    @Test
    void throwsEveryOtherFailure() {
        KubernetesClientException noAnswer = new KubernetesClientException("no answer");

        assertThatThrownBy(() -> DeleteRequest.ofUid("one").unlessGone(failing(noAnswer)))
                .isSameAs(noAnswer);
    }

    private static Runnable failing(KubernetesClientException e) {
        return () -> {
            throw e;
        };
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class SharedCallTest {
    private final List<CompletableFuture<String>> asked = new ArrayList<>();
    private final SharedCall<String> call = new SharedCall<>(() -> {
        CompletableFuture<String> question = new CompletableFuture<>();
        asked.add(question);
        return question;
    });

    @Test
    void neverAnswersWithAQuestionAskedBeforeTheCallerCame() {
        CompletableFuture<String> first = call.join();
        CompletableFuture<String> second = call.join();
        CompletableFuture<String> third = call.join();
        assertThat(asked).hasSize(1);

        asked.get(0).complete("one");

        assertThat(first).isCompletedWithValue("one");
        assertThat(second).isNotDone();
        assertThat(asked).hasSize(2);
        asked.get(1).complete("two");
        assertThat(second).isCompletedWithValue("two");
        assertThat(third).isCompletedWithValue("two");
    }

    @Test
    void asksAgainAfterAFailure() {
        CompletableFuture<String> first = call.join();
        CompletableFuture<String> second = call.join();

        asked.get(0).completeExceptionally(new IllegalStateException("no"));
        asked.get(1).complete("two");

        assertThat(first).isCompletedExceptionally();
        assertThat(second).isCompletedWithValue("two");
        CompletableFuture<String> third = call.join();
        asked.get(2).complete("three");
        assertThat(third).isCompletedWithValue("three");
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.Status;
import io.mizzen.apiserver.storage.StorageUnavailableException;
import io.mizzen.apiserver.storage.etcd.EtcdCalls.Kind;
import java.net.URI;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class EtcdCallsTest {
    private final EtcdCalls calls = new EtcdCalls(EtcdOptions.of(List.of(URI.create("http://127.0.0.1:2379"))));
    private final AtomicInteger made = new AtomicInteger();

    /** Fails the first time, answers the second. */
    private Supplier<CompletableFuture<String>> failingOnce(String description) {
        return () -> made.incrementAndGet() == 1
                ? CompletableFuture.failedFuture(
                        Status.UNAVAILABLE.withDescription(description).asRuntimeException())
                : CompletableFuture.completedFuture("answer");
    }

    @Test
    void whatWasNotSentBecauseTheConnectionWasReplacedIsMadeAgain() {
        assertThat(calls.await(Kind.WRITE, failingOnce("Channel shutdown invoked")))
                .isEqualTo("answer");
        assertThat(calls.isFailingFor(java.time.Duration.ZERO)).isFalse();
    }

    @Test
    void aReadThatWasCutOffIsMadeAgainButNoWrite() {
        assertThat(calls.await(Kind.READ, failingOnce("Channel shutdownNow invoked")))
                .isEqualTo("answer");

        made.set(0);
        StorageUnavailableException inDoubt = catchThrowableOfType(
                StorageUnavailableException.class,
                () -> calls.await(Kind.WRITE, failingOnce("Channel shutdownNow invoked")));

        assertThat(inDoubt.outcomeUnknown()).isTrue();
        assertThat(made).hasValue(1);
    }

    @Test
    void otherFailuresAreToldAtOnce() {
        assertThatThrownBy(() -> calls.await(Kind.READ, failingOnce("io exception")))
                .isInstanceOf(StorageUnavailableException.class)
                .hasMessageContaining("UNAVAILABLE io exception");
        assertThat(made).hasValue(1);
    }
}

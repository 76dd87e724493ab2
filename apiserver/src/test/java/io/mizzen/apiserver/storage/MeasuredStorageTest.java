// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.mizzen.apiserver.storage.embedded.EmbeddedOptions;
import io.mizzen.apiserver.storage.embedded.EmbeddedStorage;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MeasuredStorageTest {
    @TempDir
    Path folder;

    @Test
    void countsCallsAndErrorsUnderUpstreamsNames() {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        try (FaultyStorage faulty = new FaultyStorage(
                        EmbeddedStorage.open(EmbeddedOptions.in(folder.resolve("store"))
                                .withNativeFolder(Path.of("target", "native"))
                                .withReserveBytes(0)),
                        new Random(1));
                MeasuredStorage storage = new MeasuredStorage(faulty, registry)) {
            storage.create("/registry/pods/default/a", new byte[1], 0);
            storage.create("/registry/pods/default/a", new byte[1], 0);
            faulty.fail(1, 0);
            assertThatThrownBy(() -> storage.get("/registry/example.com/widgets/default/a"))
                    .isInstanceOf(StorageUnavailableException.class);
            faulty.fail(0, 0);
        }

        assertThat(registry.scrape())
                .contains("etcd_request_duration_seconds_count{operation=\"create\",type=\"pods\"} 2")
                .contains("etcd_request_duration_seconds_bucket{operation=\"create\",type=\"pods\",le=\"0.005\"}")
                .contains("etcd_request_errors_total{operation=\"create\",type=\"pods\"} 0.0")
                .contains("etcd_request_errors_total{operation=\"get\",type=\"widgets.example.com\"} 1.0");
    }

    @Test
    void namesTheResourceOfAKey() {
        assertThat(MeasuredStorage.typeOf("/registry/pods/default/a")).isEqualTo("pods");
        assertThat(MeasuredStorage.typeOf("/registry/pods/")).isEqualTo("pods");
        assertThat(MeasuredStorage.typeOf("/registry/minions/n1")).isEqualTo("minions");
        assertThat(MeasuredStorage.typeOf("/registry/example.com/widgets/a/b")).isEqualTo("widgets.example.com");
        assertThat(MeasuredStorage.typeOf("")).isEmpty();
    }
}

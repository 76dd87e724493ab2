// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.etcd;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.mizzen.apiserver.storage.Storage;
import io.mizzen.apiserver.storage.StorageContract;
import io.mizzen.apiserver.storage.StorageUnavailableException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract on a real etcd that asks for client certificates. */
class EtcdStorageTlsIT extends StorageContract {
    @TempDir
    static Path folder;

    static TestCertificates certificates;
    static EtcdProcess etcd;
    static EtcdStorage storage;

    @BeforeAll
    static void start() throws Exception {
        certificates = new TestCertificates(folder.resolve("pki"));
        etcd = new EtcdProcess(folder.resolve("etcd"), certificates);
        storage = EtcdStorage.connect(etcd.options());
    }

    @AfterAll
    static void stop() {
        if (storage != null) {
            storage.close();
        }
        if (etcd != null) {
            etcd.close();
        }
    }

    @Override
    protected Storage storage() {
        return storage;
    }

    @Test
    void doesNotSpeakToAServerOfAnotherAuthority() throws Exception {
        TestCertificates others = new TestCertificates(folder.resolve("others"));
        EtcdOptions options = etcd.options()
                .withTls(others.ca, certificates.clientCert, certificates.clientKey)
                .withRequestTimeout(Duration.ofSeconds(2));
        try (EtcdStorage wrong = EtcdStorage.connect(options)) {
            assertThatThrownBy(wrong::currentRevision).isInstanceOf(StorageUnavailableException.class);
        }
    }

    @Test
    void knowsEveryMemberByItsOwnCertificate() throws Exception {
        TestCertificates elsewhere = new TestCertificates(folder.resolve("elsewhere"), "127.0.0.2");
        try (EtcdProcess second = new EtcdProcess(folder.resolve("second"), elsewhere)) {
            EtcdOptions options = new EtcdOptions(
                            List.of(URI.create("https://127.0.0.1:1"), second.endpoint()),
                            null,
                            null,
                            null,
                            "/registry/",
                            Duration.ofSeconds(3),
                            Duration.ZERO)
                    .withTls(elsewhere.ca, elsewhere.clientCert, elsewhere.clientKey);
            try (EtcdStorage other = EtcdStorage.connect(options)) {
                await().atMost(Duration.ofSeconds(20))
                        .ignoreException(StorageUnavailableException.class)
                        .until(() -> other.create(prefix + System.nanoTime(), bytes("x"), 0) != null);
            }
        }
    }

    @Test
    void isNotLetInWithoutACertificate() {
        EtcdOptions options =
                etcd.options().withTls(certificates.ca, null, null).withRequestTimeout(Duration.ofSeconds(2));
        try (EtcdStorage nobody = EtcdStorage.connect(options)) {
            assertThatThrownBy(nobody::currentRevision).isInstanceOf(StorageUnavailableException.class);
        }
    }

    @Test
    void namesTheTlsFileThatCannotBeUsed() {
        EtcdOptions options = etcd.options().withTls(folder.resolve("nowhere.pem"), null, null);

        assertThatThrownBy(() -> EtcdStorage.connect(options))
                .isInstanceOf(StorageUnavailableException.class)
                .hasMessageContaining("--etcd-cafile")
                .hasMessageContaining("nowhere.pem");
    }
}

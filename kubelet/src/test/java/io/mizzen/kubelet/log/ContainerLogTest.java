// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContainerLogTest {
    @TempDir
    Path dir;

    private static Optional<LogLine> parse(String line) {
        byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
        return LogLine.parse(bytes, bytes.length);
    }

    @Test
    void readsTheFormatOfTheRuntime() {
        LogLine line =
                parse("2026-01-01T00:00:00.000000001Z stdout F hello world").orElseThrow();

        assertThat(new String(line.text(), StandardCharsets.UTF_8)).isEqualTo("hello world");
        assertThat(line.isPartial()).isFalse();
        assertThat(line.instant()).contains(Instant.parse("2026-01-01T00:00:00.000000001Z"));
        assertThat(parse("2026-01-01T00:00:00Z stderr P:tag half").orElseThrow().isPartial())
                .isTrue();
        assertThat(parse("2026-01-01T00:00:00Z stdout F").orElseThrow().text()).isEmpty();
        assertThat(parse("2026-01-01T00:00:00Z other F x")).isEmpty();
        assertThat(parse("garbage")).isEmpty();
    }

    private String read(LogRequest request) throws IOException {
        Path log = dir.resolve("0.log");
        Files.writeString(log, """
                2026-01-01T00:00:01Z stdout F one
                2026-01-01T00:00:02Z stdout P tw
                2026-01-01T00:00:02Z stdout F o
                2026-01-01T00:00:03Z stderr F three
                """);
        StringBuilder out = new StringBuilder();
        new ContainerLogReader(log, request, () -> false).copyTo(new ContainerLogReader.Sink() {
            @Override
            public void write(String stream, byte[] bytes, int length) {
                out.append(new String(bytes, 0, length, StandardCharsets.UTF_8));
            }

            @Override
            public void flush() {}
        });
        return out.toString();
    }

    @Test
    void joinsPartialLinesAndObeysTheOptions() throws Exception {
        OptionalLong none = OptionalLong.empty();

        assertThat(read(LogRequest.all())).isEqualTo("one\ntwo\nthree\n");
        assertThat(read(new LogRequest(false, false, OptionalLong.of(1), Optional.empty(), none)))
                .isEqualTo("three\n");
        assertThat(read(new LogRequest(false, false, OptionalLong.of(0), Optional.empty(), none)))
                .isEmpty();
        assertThat(read(new LogRequest(false, false, OptionalLong.of(99), Optional.empty(), none)))
                .isEqualTo("one\ntwo\nthree\n");
        assertThat(read(new LogRequest(false, true, OptionalLong.of(1), Optional.empty(), none)))
                .isEqualTo("2026-01-01T00:00:03Z three\n");
        assertThat(read(new LogRequest(false, false, none, Optional.of(Instant.parse("2026-01-01T00:00:03Z")), none)))
                .isEqualTo("three\n");
        assertThat(read(new LogRequest(false, false, none, Optional.empty(), OptionalLong.of(5))))
                .isEqualTo("one\nt");
    }

    @Test
    void rotatesCompressesAndRemovesTheOldest() throws Exception {
        Path log = dir.resolve("0.log");
        Instant[] now = {Instant.parse("2026-01-01T00:00:00Z")};
        LogRotation rotation = new LogRotation(10, 3, () -> now[0]);
        AtomicInteger reopened = new AtomicInteger();
        LogRotation.Reopen reopen = () -> {
            reopened.incrementAndGet();
            Files.writeString(log, "");
        };

        Files.writeString(log, "short");
        assertThat(rotation.rotateIfDue(log, reopen)).isFalse();
        for (int i = 0; i < 4; i++) {
            Files.writeString(log, "longer than ten " + i);
            assertThat(rotation.rotateIfDue(log, reopen)).isTrue();
            now[0] = now[0].plusSeconds(60);
        }

        assertThat(reopened).hasValue(4);
        try (Stream<Path> files = Files.list(dir)) {
            assertThat(files.map(p -> p.getFileName().toString()).sorted())
                    .containsExactly("0.log", "0.log.20260101-000200.gz", "0.log.20260101-000300");
        }
        assertThat(dir.resolve("0.log.20260101-000300")).hasContent("longer than ten 3");
    }

    @Test
    void removesALogWithAllThatWasRotatedOfIt() throws Exception {
        for (String name : new String[] {"1.log", "1.log.20260101-000200.gz", "1.log.20260101-000300", "10.log"}) {
            Files.writeString(dir.resolve(name), "text");
        }

        LogRotation.remove(dir.resolve("1.log"));
        LogRotation.remove(dir.resolve("1.log"));
        LogRotation.remove(dir.resolve("absent/1.log"));

        assertThat(dir).isDirectoryContaining("glob:**/10.log");
        try (Stream<Path> files = Files.list(dir)) {
            assertThat(files).hasSize(1);
        }
    }

    @Test
    void putsTheLogBackWhenTheRuntimeDoesNotReopenIt() throws Exception {
        Path log = dir.resolve("0.log");
        Files.writeString(log, "longer than ten");
        LogRotation rotation = new LogRotation(10, 3, () -> Instant.EPOCH);

        org.assertj.core.api.Assertions.assertThatThrownBy(() -> rotation.rotateIfDue(log, () -> {
                    throw new IOException("no");
                }))
                .hasMessage("no");
        assertThat(log).hasContent("longer than ten");
    }
}

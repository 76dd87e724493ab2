// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IncomingTest {
    private static Incoming read(String text) throws IOException {
        return Objects.requireNonNull(
                Incoming.read(new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1))));
    }

    private static String body(Incoming request) throws IOException {
        return new String(Objects.requireNonNull(request.body()).readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void readsHeadAndBody() throws IOException {
        Incoming request =
                read("POST /a?b=c HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a: 2 \r\nContent-Length: 4\r\n\r\nbodyrest");

        assertThat(request.method()).isEqualTo("POST");
        assertThat(request.target()).isEqualTo("/a?b=c");
        assertThat(request.header("X-a")).isEqualTo("1\n2");
        assertThat(request.has("X-A", "2")).isTrue();
        assertThat(body(request)).isEqualTo("body");
    }

    @Test
    void readsChunks() throws IOException {
        Incoming request = read("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: v\r\n\r\n");

        assertThat(request.length()).isEqualTo(-1);
        assertThat(body(request)).isEqualTo("abc0123456789");
    }

    @Test
    void tellsTheEndOfAConversationFromABrokenOne() throws IOException {
        assertThat(Incoming.read(new ByteArrayInputStream(new byte[0]))).isNull();
        assertThatThrownBy(() -> read("GET / HTTP/1.1\r\nHost: h\r\n")).isInstanceOf(EOFException.class);
        assertThatThrownBy(() -> read("GET /")).isInstanceOf(EOFException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET / HTTP/2.0\r\nHost: h\r\n\r\n",
                "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n",
                "GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n",
                "G(T / HTTP/1.1\r\nHost: h\r\n\r\n",
                "GET /\u00e4 HTTP/1.1\r\nHost: h\r\n\r\n",
                "GET / HTTP/1.1\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: h\r\n folded: x\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: h\r\nName : x\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: h\r\nName: a\u0000b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: h\r\nName: a\rb\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
                "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999999999999999\r\n\r\n"
            })
    void refusesWhatCouldBeReadInTwoWays(String text) {
        assertThatThrownBy(() -> read(text)).isInstanceOf(Incoming.Malformed.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1\r\nx\r\n0\r\n\r\n", "+1\r\nx\r\n0\r\n\r\n", "x\r\n", "ffffffffffffffff1\r\n", "2\r\na"})
    void refusesChunksThatAreNone(String chunks) throws IOException {
        Incoming request = read("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);

        assertThatThrownBy(() -> body(request)).isInstanceOf(IOException.class);
    }

    @Test
    void refusesHeadsWithoutEnd() {
        assertThatThrownBy(() -> read("GET /" + "a".repeat(20_000) + " HTTP/1.1\r\nHost: h\r\n\r\n"))
                .isInstanceOf(Incoming.Malformed.class);
        assertThatThrownBy(() -> read("GET / HTTP/1.1\r\nHost: h\r\n" + "A: b\r\n".repeat(80_000)))
                .isInstanceOf(Incoming.Malformed.class);
    }
}

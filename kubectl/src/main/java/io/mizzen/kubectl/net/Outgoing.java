// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.net;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * An answer that this program sends.
 *
 * @param code HTTP status
 * @param reason the words for it
 * @param headers by name, without those that frame the body; several values of one name are joined by line feeds
 */
public record Outgoing(int code, String reason, Map<String, String> headers) {

    /** Sends the head alone, for answers that have no body or whose connection gets another protocol. */
    public void send(OutputStream out) throws IOException {
        head(out, "");
        out.flush();
    }

    /** Sends a body that is at hand; {@code bodiless} tells its length only, for HEAD. */
    public void send(OutputStream out, byte[] body, boolean bodiless) throws IOException {
        head(out, "Content-Length: " + body.length + "\r\n");
        if (!bodiless) {
            out.write(body);
        }
        out.flush();
    }

    /**
     * Sends a body as it comes, each piece at once.
     *
     * @param length how long it is, -1 when only its end will tell
     * @param chunked how an unknown length is framed: in chunks, else by the connection's end
     */
    public void send(OutputStream out, InputStream body, long length, boolean chunked) throws IOException {
        boolean chunks = length < 0 && chunked;
        String framing =
                length >= 0 ? "Content-Length: " + length + "\r\n" : chunks ? "Transfer-Encoding: chunked\r\n" : "";
        head(out, framing);
        out.flush();
        // Not more than was said, and an error for less: a file may grow or shrink meanwhile.
        Body.copy(length >= 0 ? new Body.Fixed(body, length, () -> {}) : body, out, chunks);
        out.flush();
    }

    private void head(OutputStream out, String framing) throws IOException {
        StringBuilder head = new StringBuilder(256);
        head.append("HTTP/1.1 ").append(code).append(' ').append(reason).append("\r\n");
        headers.forEach((name, value) -> {
            for (String one : value.split("\n", -1)) {
                head.append(name).append(": ").append(one).append("\r\n");
            }
        });
        head.append(framing).append("\r\n");
        out.write(head.toString().getBytes(StandardCharsets.ISO_8859_1));
    }
}

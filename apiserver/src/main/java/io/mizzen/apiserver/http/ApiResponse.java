// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.http;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** What a handler answers. */
public sealed interface ApiResponse {

    /**
     * A complete answer.
     *
     * @param code HTTP status
     * @param contentType value of Content-Type
     * @param headers further headers
     * @param body the body in pieces, sent one after the other without being joined
     */
    record Complete(int code, String contentType, Map<String, List<String>> headers, List<byte[]> body)
            implements ApiResponse {

        public static Complete of(int code, String contentType, byte[] body) {
            return new Complete(code, contentType, Map.of(), List.of(body));
        }

        public static Complete text(int code, String text) {
            return of(code, "text/plain; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
        }

        /** The same with one more header. */
        public Complete with(String name, String value) {
            Map<String, List<String>> more = ApiRequest.headerMap();
            more.putAll(headers);
            more.put(name, List.of(value));
            return new Complete(code, contentType, more, body);
        }
    }

    /**
     * An answer whose body is produced while it is sent. The producer runs on the request's virtual thread.
     *
     * @param code HTTP status
     * @param contentType value of Content-Type
     * @param headers further headers
     * @param producer writes the body
     */
    record Streamed(int code, String contentType, Map<String, List<String>> headers, Producer producer)
            implements ApiResponse {}

    /** The handler has taken the connection over and answers by itself. */
    record TakenOver() implements ApiResponse {}

    /** Writes a body piece by piece. */
    @FunctionalInterface
    interface Producer {
        /**
         * Writes everything and returns; an exception cuts the connection.
         *
         * @param sink where to write
         */
        void produce(Sink sink) throws Exception;
    }

    /** The receiving end of a streamed body. Used by one thread. */
    interface Sink {
        /**
         * Sends bytes; waits while the client is slow.
         *
         * @return false when the client has gone: stop producing
         */
        boolean write(byte[] bytes) throws InterruptedException;

        /** Runs something once when the client goes away, from another thread. */
        void onClose(Runnable action);
    }
}

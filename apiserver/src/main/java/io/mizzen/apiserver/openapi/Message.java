// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.openapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/** A protobuf message under construction. Fields with the value that proto3 presumes are left out. */
final class Message {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(64);
    private final CodedOutputStream out = CodedOutputStream.newInstance(bytes, 64);

    /** Writes one field; memory does not fail. */
    private interface Write {
        void run() throws IOException;
    }

    private Message write(Write write) {
        try {
            write.run();
            return this;
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    Message text(int field, String text) {
        return text.isEmpty() ? this : write(() -> out.writeString(field, text));
    }

    Message texts(int field, JsonNode texts) {
        texts.forEach(text -> write(() -> out.writeString(field, text.asText())));
        return this;
    }

    Message flag(int field, boolean flag) {
        return flag ? presentFlag(field, true) : this;
    }

    /** A flag whose presence says something. */
    Message presentFlag(int field, boolean flag) {
        return write(() -> out.writeBool(field, flag));
    }

    Message number(int field, JsonNode number) {
        return number.isNumber() ? write(() -> out.writeDouble(field, number.doubleValue())) : this;
    }

    Message integer(int field, JsonNode number) {
        return number.isNumber() ? write(() -> out.writeInt64(field, number.longValue())) : this;
    }

    Message message(int field, Message message) {
        return write(() -> out.writeByteArray(field, message.bytes()));
    }

    byte[] bytes() {
        write(out::flush);
        return bytes.toByteArray();
    }
}

// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.protobuf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** Messages are put together by hand from the field numbers of upstream's {@code generated.proto} files. */
class ProtobufDecoderTest {
    /** Writes the fields of a message. */
    private interface Fields {
        void write(CodedOutputStream out) throws IOException;
    }

    private static byte[] message(Fields fields) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        fields.write(out);
        out.flush();
        return bytes.toByteArray();
    }

    private static byte[] envelope(String apiVersion, String kind, byte[] raw) throws IOException {
        byte[] type = message(out -> {
            out.writeString(1, apiVersion);
            out.writeString(2, kind);
        });
        byte[] unknown = message(out -> {
            out.writeByteArray(1, type);
            out.writeByteArray(2, raw);
        });
        byte[] all = new byte[unknown.length + 4];
        System.arraycopy(new byte[] {'k', '8', 's', 0}, 0, all, 0, 4);
        System.arraycopy(unknown, 0, all, 4, unknown.length);
        return all;
    }

    @Test
    void readsMapsBytesAndTimes() throws Exception {
        byte[] time = message(out -> out.writeInt64(1, 1_199_149_261L));
        byte[] metadata = message(out -> {
            out.writeString(1, "a");
            out.writeByteArray(8, time);
            out.writeByteArray(11, message(label -> {
                label.writeString(1, "k");
                label.writeString(2, "v");
            }));
        });
        byte[] raw = message(out -> {
            out.writeByteArray(1, metadata);
            out.writeByteArray(3, message(entry -> {
                entry.writeString(1, "file");
                entry.writeByteArray(2, new byte[] {1, 2});
            }));
        });

        JsonNode map = ProtobufDecoder.decode(envelope("v1", "ConfigMap", raw));

        assertThat(map.at("/metadata/labels/k").asText()).isEqualTo("v");
        assertThat(map.at("/metadata/creationTimestamp").asText()).isEqualTo("2008-01-01T01:01:01Z");
        assertThat(map.at("/binaryData/file").asText()).isEqualTo("AQI=");
    }

    @Test
    void readsEmbeddedStructsQuantitiesAndMeaningfulZeros() throws Exception {
        byte[] volume = message(out -> {
            out.writeString(1, "data");
            out.writeByteArray(2, message(source -> source.writeByteArray(2, new byte[0])));
        });
        byte[] limits = message(out -> out.writeByteArray(1, message(entry -> {
            entry.writeString(1, "cpu");
            entry.writeByteArray(2, message(quantity -> quantity.writeString(1, "500m")));
        })));
        byte[] container = message(out -> {
            out.writeString(1, "c");
            out.writeByteArray(8, limits);
            out.writeBool(16, false);
        });
        byte[] podSpec = message(out -> {
            out.writeByteArray(1, volume);
            out.writeByteArray(2, container);
        });
        byte[] spec = message(out -> {
            out.writeInt32(1, 0);
            out.writeByteArray(3, message(template -> template.writeByteArray(2, podSpec)));
            out.writeInt32(5, 0);
        });

        JsonNode deployment =
                ProtobufDecoder.decode(envelope("apps/v1", "Deployment", message(out -> out.writeByteArray(2, spec))));

        JsonNode pod = deployment.at("/spec/template/spec");
        assertThat(deployment.at("/spec/replicas").asInt(-1)).isZero();
        assertThat(deployment.at("/spec").has("minReadySeconds")).isFalse();
        assertThat(pod.at("/volumes/0/emptyDir").isObject()).isTrue();
        assertThat(pod.at("/containers/0/resources/limits/cpu").asText()).isEqualTo("500m");
        assertThat(pod.at("/containers/0").has("stdin")).isFalse();
    }

    @Test
    void refusesOtherBytes() {
        assertThatThrownBy(() -> ProtobufDecoder.decode(new byte[] {'{', '}'}))
                .hasMessageContaining("does not appear to be a protobuf message");
        assertThatThrownBy(() -> ProtobufDecoder.decode(new byte[] {'k', '8', 's', 0, 10, 99}))
                .isInstanceOf(IllegalArgumentException.class);
    }
}

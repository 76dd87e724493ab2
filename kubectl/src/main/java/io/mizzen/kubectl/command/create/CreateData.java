// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.create;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.tree.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** {@code kubectl create configmap} and {@code create secret generic|tls|docker-registry}. */
public final class CreateData {
    private CreateData() {}

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    /** {@code create configmap}. */
    public static final class ConfigMap extends Generator {
        /** Made for one call. */
        public ConfigMap() {
            super("configmaps", true, DataSources.FLAGS);
        }

        @Override
        ObjectNode build(Invocation call, String name) {
            ObjectNode object = object("ConfigMap", "v1", name);
            for (Map.Entry<String, byte[]> entry : DataSources.read(call).entrySet()) {
                if (DataSources.isText(entry.getValue())) {
                    Json.child(object, "data")
                            .put(entry.getKey(), new String(entry.getValue(), StandardCharsets.UTF_8));
                } else {
                    Json.child(object, "binaryData").put(entry.getKey(), base64(entry.getValue()));
                }
            }
            if (call.flags().is("append-hash")) {
                DataSources.appendHash(object, List.of("binaryData"), false);
            }
            return object;
        }
    }

    /** {@code create secret generic}. */
    public static final class Generic extends Generator {
        /** Made for one call. */
        public Generic() {
            super("secrets", true, DataSources.FLAGS + " type:s=");
        }

        @Override
        ObjectNode build(Invocation call, String name) {
            ObjectNode object = object("Secret", "v1", name);
            for (Map.Entry<String, byte[]> entry : DataSources.read(call).entrySet()) {
                Json.child(object, "data").put(entry.getKey(), base64(entry.getValue()));
            }
            String type = call.flags().text("type");
            if (!type.isEmpty()) {
                object.put("type", type);
            }
            if (call.flags().is("append-hash")) {
                DataSources.appendHash(object, List.of(), true);
            }
            return object;
        }
    }

    /** {@code create secret tls}. */
    public static final class Tls extends Generator {
        /** Made for one call. */
        public Tls() {
            super("secrets", true, "append-hash:b=false cert:s= key:s=");
        }

        @Override
        ObjectNode build(Invocation call, String name) {
            Flags flags = call.flags();
            if (flags.text("key").isEmpty() || flags.text("cert").isEmpty()) {
                throw CommandFailure.error("key and cert must be specified");
            }
            ObjectNode object = object("Secret", "v1", name);
            ObjectNode data = object.putObject("data");
            data.put("tls.crt", base64(DataSources.bytes(Path.of(flags.text("cert")))));
            data.put("tls.key", base64(DataSources.bytes(Path.of(flags.text("key")))));
            object.put("type", "kubernetes.io/tls");
            if (flags.is("append-hash")) {
                DataSources.appendHash(object, List.of(), true);
            }
            return object;
        }
    }

    /** {@code create secret docker-registry}. */
    public static final class DockerRegistry extends Generator {
        private static final String DEFAULT_SERVER = "https://index.docker.io/v1/";

        /** Made for one call. */
        public DockerRegistry() {
            super(
                    "secrets",
                    true,
                    "append-hash:b=false docker-email:s= docker-password:s= docker-server:s=" + DEFAULT_SERVER
                            + " docker-username:s= from-file:l=");
        }

        @Override
        ObjectNode build(Invocation call, String name) {
            Flags flags = call.flags();
            ObjectNode object = object("Secret", "v1", name);
            ObjectNode data = object.putObject("data");
            object.put("type", "kubernetes.io/dockerconfigjson");
            if (!flags.list("from-file").isEmpty()) {
                for (Map.Entry<String, byte[]> entry : DataSources.read(call).entrySet()) {
                    data.put(entry.getKey(), base64(entry.getValue()));
                }
            } else {
                if (flags.text("docker-username").isEmpty()
                        || flags.text("docker-password").isEmpty()) {
                    throw CommandFailure.error(
                            "either --from-file or the combination of --docker-username, --docker-password and --docker-server"
                                    + " is required");
                }
                data.put(".dockerconfigjson", base64(login(flags).getBytes(StandardCharsets.UTF_8)));
            }
            if (flags.is("append-hash")) {
                DataSources.appendHash(object, List.of(), true);
            }
            return object;
        }

        private static String login(Flags flags) {
            String user = flags.text("docker-username");
            String password = flags.text("docker-password");
            StringBuilder text = new StringBuilder("{\"auths\":{");
            Json.quote(text, flags.text("docker-server"));
            text.append(":{\"username\":");
            Json.quote(text, user);
            text.append(",\"password\":");
            Json.quote(text, password);
            if (!flags.text("docker-email").isEmpty()) {
                text.append(",\"email\":");
                Json.quote(text, flags.text("docker-email"));
            }
            text.append(",\"auth\":");
            Json.quote(text, base64((user + ":" + password).getBytes(StandardCharsets.UTF_8)));
            return text.append("}}}").toString();
        }
    }
}

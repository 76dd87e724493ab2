// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.registry.Metadata;
import io.mizzen.apiserver.registry.ObjectCodec;
import io.mizzen.apiserver.storage.Storage;
import io.mizzen.apiserver.storage.Storage.Entry;
import java.util.List;

/** Gives each pod its service account and the volume with its token (API page "ServiceAccount admission controller"). */
public final class ServiceAccountPlugin implements Admission.Plugin {
    private static final String MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount";
    private static final String MIRROR = "kubernetes.io/config.mirror";
    /** An hour and seven seconds: tells tokens of pods from those that somebody asked for. */
    private static final int TOKEN_SECONDS = 3607;

    private final Storage storage;
    private final Metadata names;

    public ServiceAccountPlugin(Storage storage, Metadata names) {
        this.storage = storage;
        this.names = names;
    }

    @Override
    public void mutate(AdmissionRequest request) {
        if (!request.isCreate() || !request.isFor("", "pods")) {
            return;
        }
        ObjectNode pod = request.object();
        ObjectNode spec = ObjectTree.child(pod, "spec");
        if (ObjectTree.annotations(pod).containsKey(MIRROR)) {
            return;
        }
        String name = spec.path("serviceAccountName")
                .asText(spec.path("serviceAccount").asText(""));
        if (name.isEmpty()) {
            name = "default";
        }
        spec.put("serviceAccountName", name).put("serviceAccount", name);
        Entry entry = storage.get("/registry/serviceaccounts/" + request.namespace() + "/" + name);
        if (entry == null) {
            throw StatusException.forbidden(
                    request.resource().groupResource(),
                    request.name(),
                    "error looking up service account " + request.namespace() + "/" + name + ": serviceaccount \""
                            + name + "\" not found");
        }
        ObjectNode account = ObjectCodec.parse(entry.value());
        if (spec.path("imagePullSecrets").isEmpty()
                && !account.path("imagePullSecrets").isEmpty()) {
            spec.set("imagePullSecrets", account.get("imagePullSecrets").deepCopy());
        }
        if (automounts(spec, account)) {
            mountToken(spec);
        }
    }

    private static boolean automounts(JsonNode spec, JsonNode account) {
        if (spec.has("automountServiceAccountToken")) {
            return spec.get("automountServiceAccountToken").asBoolean();
        }
        return account.path("automountServiceAccountToken").asBoolean(true);
    }

    private void mountToken(ObjectNode spec) {
        String volume = "";
        for (JsonNode existing : spec.path("volumes")) {
            if (existing.path("name").asText().startsWith("kube-api-access-")) {
                volume = existing.path("name").asText();
            }
        }
        boolean isNew = volume.isEmpty();
        String name = isNew ? names.generateName("kube-api-access-") : volume;
        boolean mounted = false;
        for (String list : List.of("initContainers", "containers")) {
            for (JsonNode container : spec.path(list)) {
                mounted |= mount((ObjectNode) container, name);
            }
        }
        if (mounted && isNew) {
            ObjectTree.list(spec, "volumes").add(volume(name));
        }
    }

    private static boolean mount(ObjectNode container, String volume) {
        for (JsonNode mount : container.path("volumeMounts")) {
            if (mount.path("mountPath").asText().equals(MOUNT_PATH)) {
                return false;
            }
        }
        ObjectTree.list(container, "volumeMounts")
                .addObject()
                .put("name", volume)
                .put("readOnly", true)
                .put("mountPath", MOUNT_PATH);
        return true;
    }

    private static ObjectNode volume(String name) {
        ObjectNode volume = JsonNodeFactory.instance.objectNode().put("name", name);
        ObjectNode projected = volume.putObject("projected");
        var sources = projected.putArray("sources");
        sources.addObject()
                .putObject("serviceAccountToken")
                .put("expirationSeconds", TOKEN_SECONDS)
                .put("path", "token");
        ObjectNode configMap = sources.addObject().putObject("configMap");
        configMap.put("name", "kube-root-ca.crt");
        configMap.putArray("items").addObject().put("key", "ca.crt").put("path", "ca.crt");
        ObjectNode item = sources.addObject()
                .putObject("downwardAPI")
                .putArray("items")
                .addObject()
                .put("path", "namespace");
        item.putObject("fieldRef").put("apiVersion", "v1").put("fieldPath", "metadata.namespace");
        projected.put("defaultMode", 420);
        return volume;
    }
}

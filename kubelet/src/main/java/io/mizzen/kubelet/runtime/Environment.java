// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.runtime;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapKeySelector;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvFromSource;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarSource;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ResourceFieldSelector;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretKeySelector;
import io.mizzen.kubelet.control.ObjectSource;
import io.mizzen.kubelet.control.SecretData;
import io.mizzen.kubelet.volume.DownwardFields;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The environment of a container: {@code envFrom}, {@code env} in order with {@code $(NAME)} expansion, then the services that
 * nothing else has named.
 */
public final class Environment {
    private final ObjectSource objects;

    /** Looks up ConfigMaps, Secrets and services in the given source. */
    public Environment(ObjectSource objects) {
        this.objects = objects;
    }

    /**
     * Composes the variables, in order.
     *
     * @throws StartFailure with CreateContainerConfigError when something referred to is missing
     * @throws IOException when it cannot be asked for
     */
    public Map<String, String> of(Pod pod, Container container, DownwardFields fields)
            throws StartFailure, IOException {
        String namespace = pod.getMetadata().getNamespace();
        boolean hasLinks = !Boolean.FALSE.equals(pod.getSpec().getEnableServiceLinks());
        Map<String, String> services = ServiceEnvironment.of(objects.services(namespace), namespace, hasLinks);
        Map<String, String> out = new LinkedHashMap<>();
        for (EnvFromSource source : container.getEnvFrom()) {
            addAll(out, namespace, source);
        }
        for (EnvVar variable : container.getEnv()) {
            Optional<String> value = valueOf(variable, namespace, container, fields, out, services);
            value.ifPresent(v -> out.put(variable.getName(), v));
        }
        services.forEach(out::putIfAbsent);
        return out;
    }

    private void addAll(Map<String, String> out, String namespace, EnvFromSource source)
            throws StartFailure, IOException {
        String prefix = source.getPrefix() == null ? "" : source.getPrefix();
        if (source.getConfigMapRef() != null) {
            String name = source.getConfigMapRef().getName();
            Optional<ConfigMap> map = objects.configMap(namespace, name);
            if (map.isEmpty() && !Boolean.TRUE.equals(source.getConfigMapRef().getOptional())) {
                throw missing("configmap \"" + name + "\" not found");
            }
            map.map(ConfigMap::getData)
                    .ifPresent(data -> new TreeMap<>(data).forEach((k, v) -> out.put(prefix + k, v)));
        }
        if (source.getSecretRef() != null) {
            String name = source.getSecretRef().getName();
            Optional<Secret> secret = objects.secret(namespace, name);
            if (secret.isEmpty() && !Boolean.TRUE.equals(source.getSecretRef().getOptional())) {
                throw missing("secret \"" + name + "\" not found");
            }
            secret.ifPresent(s -> SecretData.of(s).forEach((k, v) -> out.put(prefix + k, text(v))));
        }
    }

    private Optional<String> valueOf(
            EnvVar variable,
            String namespace,
            Container container,
            DownwardFields fields,
            Map<String, String> known,
            Map<String, String> services)
            throws StartFailure, IOException {
        EnvVarSource from = variable.getValueFrom();
        if (from == null) {
            Map<String, String> variables = new HashMap<>(services);
            variables.putAll(known);
            String value = variable.getValue() == null ? "" : variable.getValue();
            return Optional.of(Expansion.expand(value, variables));
        }
        if (from.getFieldRef() != null) {
            String path = from.getFieldRef().getFieldPath();
            return Optional.of(fields.field(path).orElseThrow(() -> missing("unsupported fieldPath: " + path)));
        }
        if (from.getResourceFieldRef() != null) {
            ResourceFieldSelector selector = from.getResourceFieldRef();
            return Optional.of(fields.resource(container, selector.getResource(), selector.getDivisor())
                    .orElseThrow(() -> missing("unsupported container resource : " + selector.getResource())));
        }
        if (from.getConfigMapKeyRef() != null) {
            return configMapKey(namespace, from.getConfigMapKeyRef());
        }
        if (from.getSecretKeyRef() != null) {
            return secretKey(namespace, from.getSecretKeyRef());
        }
        throw missing("the source of environment variable " + variable.getName() + " is not supported on this node");
    }

    private Optional<String> configMapKey(String namespace, ConfigMapKeySelector selector)
            throws StartFailure, IOException {
        boolean isOptional = Boolean.TRUE.equals(selector.getOptional());
        Optional<ConfigMap> map = objects.configMap(namespace, selector.getName());
        if (map.isEmpty()) {
            if (isOptional) {
                return Optional.empty();
            }
            throw missing("configmap \"" + selector.getName() + "\" not found");
        }
        Map<String, String> data = map.get().getData();
        String value = data == null ? null : data.get(selector.getKey());
        if (value == null && !isOptional) {
            throw missing(
                    "couldn't find key " + selector.getKey() + " in ConfigMap " + namespace + "/" + selector.getName());
        }
        return Optional.ofNullable(value);
    }

    private Optional<String> secretKey(String namespace, SecretKeySelector selector) throws StartFailure, IOException {
        boolean isOptional = Boolean.TRUE.equals(selector.getOptional());
        Optional<Secret> secret = objects.secret(namespace, selector.getName());
        if (secret.isEmpty()) {
            if (isOptional) {
                return Optional.empty();
            }
            throw missing("secret \"" + selector.getName() + "\" not found");
        }
        byte[] value = SecretData.of(secret.get()).get(selector.getKey());
        if (value == null && !isOptional) {
            throw missing(
                    "couldn't find key " + selector.getKey() + " in Secret " + namespace + "/" + selector.getName());
        }
        return Optional.ofNullable(value).map(Environment::text);
    }

    private static StartFailure missing(String message) {
        return new StartFailure("CreateContainerConfigError", message);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}

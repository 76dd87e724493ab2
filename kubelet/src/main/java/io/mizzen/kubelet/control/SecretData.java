// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.control;

import io.fabric8.kubernetes.api.model.Secret;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.SortedMap;
import java.util.TreeMap;

/** The bytes of a Secret. Pure. */
public final class SecretData {
    private SecretData() {}

    /** Decoded keys, sorted. */
    public static SortedMap<String, byte[]> of(Secret secret) {
        SortedMap<String, byte[]> data = new TreeMap<>();
        if (secret.getData() != null) {
            secret.getData().forEach((k, v) -> data.put(k, Base64.getDecoder().decode(v)));
        }
        if (secret.getStringData() != null) {
            secret.getStringData().forEach((k, v) -> data.put(k, v.getBytes(StandardCharsets.UTF_8)));
        }
        return data;
    }
}

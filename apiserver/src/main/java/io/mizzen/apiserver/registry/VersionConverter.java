// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** Converts whole objects between a served version and the stored one. Pure; may change and return its argument. */
public interface VersionConverter {

    /** The two versions are the same: bytes may be passed on as they are. */
    VersionConverter IDENTITY = new VersionConverter() {
        @Override
        public ObjectNode toStored(ObjectNode object) {
            return object;
        }

        @Override
        public ObjectNode fromStored(ObjectNode object) {
            return object;
        }
    };

    ObjectNode toStored(ObjectNode object);

    ObjectNode fromStored(ObjectNode object);

    default boolean isIdentity() {
        return this == IDENTITY;
    }

    /** Versions of the same shape: only {@code apiVersion} differs (custom resources with strategy None). */
    static VersionConverter renaming(String servedApiVersion, String storedApiVersion) {
        return new VersionConverter() {
            @Override
            public ObjectNode toStored(ObjectNode object) {
                return object.put("apiVersion", storedApiVersion);
            }

            @Override
            public ObjectNode fromStored(ObjectNode object) {
                return object.put("apiVersion", servedApiVersion);
            }
        };
    }
}

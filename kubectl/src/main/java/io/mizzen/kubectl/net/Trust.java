// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.net;

/**
 * What TLS needs, as PEM text; empty text means not given.
 *
 * @param authorities certificates that may have signed the server's; empty: the system's own
 * @param certificate the client's certificate, with its chain
 * @param key the client's private key
 * @param serverName the name to expect instead of the host
 * @param insecure whether any server certificate is taken
 */
public record Trust(String authorities, String certificate, String key, String serverName, boolean insecure) {
    /** Nothing given. */
    public static final Trust NONE = new Trust("", "", "", "", false);
}

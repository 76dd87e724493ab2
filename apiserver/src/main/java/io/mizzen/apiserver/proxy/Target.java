// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.proxy;

/**
 * Where a request goes on to.
 *
 * @param host address or name
 * @param port port
 * @param tls whether by TLS
 * @param asKubeletClient whether the server shows its kubelet client certificate and checks the other side's
 * @param pathAndQuery request target there
 */
public record Target(String host, int port, boolean tls, boolean asKubeletClient, String pathAndQuery) {}

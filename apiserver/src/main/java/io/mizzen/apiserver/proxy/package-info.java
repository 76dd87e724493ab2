/**
 * Ways through the API server to kubelets, pods and services: plain requests are streamed, upgraded connections become
 * tunnels of bytes. In comes a request and a target; the connection is answered here. Bytes are moved by event loops with
 * back-pressure.
 */
@NullMarked
package io.mizzen.apiserver.proxy;

import org.jspecify.annotations.NullMarked;

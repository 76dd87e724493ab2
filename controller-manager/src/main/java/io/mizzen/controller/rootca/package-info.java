/**
 * Publishes the certificate by which pods know the API server. In: namespaces, the CA's PEM. Out: the ConfigMap
 * {@code kube-root-ca.crt} in every namespace.
 */
@NullMarked
package io.mizzen.controller.rootca;

import org.jspecify.annotations.NullMarked;

/**
 * CertificateSigningRequests: approves those of nodes for themselves, signs what is approved for Kubernetes' own signers, and
 * deletes old ones. In: signing requests and nodes. Out: conditions, certificates, deletions. {@link
 * io.mizzen.controller.certificate.RequestRules} and {@link io.mizzen.controller.certificate.CleanerRules} are pure.
 */
@NullMarked
package io.mizzen.controller.certificate;

import org.jspecify.annotations.NullMarked;
